package sdk

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/store/sqlite"
	"github.com/vechehq/veche/test/contract"
	"github.com/vechehq/veche/test/harness"
)

const secret = "a secret that is long enough for HS256"

var ways = []string{"websocket", "sse", "longpoll"}

// What server and clients hold to, by the vectors of wire/native/testdata/contract, over each transport.
func TestContract(t *testing.T) {
	build(t)
	s := harness.Start(t, "--token-secret", secret)
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			t.Log(harness.Script(t, "node", "contract.mjs", s.WS("/ws"), way, secret, "one node"))
		})
	}
}

// The same when each request of a client reaches another of two servers than the one before.
func TestContractWithoutStickiness(t *testing.T) {
	build(t)
	balancer := contract.RoundRobin(t, pair(t)...)
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			url := strings.Replace(balancer, "http", "ws", 1) + "/ws"
			t.Log(harness.Script(t, "node", "contract.mjs", url, way, secret, "many nodes"))
		})
	}
}

// pair starts two servers that share nothing but a store, a bus and a key.
func pair(t *testing.T) (urls []string) {
	t.Helper()
	store, err := sqlite.Open(filepath.Join(t.TempDir(), "veche.db"), nil)
	if err != nil {
		t.Fatal(err)
	}
	bus := local.New(nil)
	t.Cleanup(func() {
		_ = bus.Close(context.Background())
		_ = store.Close(context.Background())
	})
	config := veche.Config{Store: store, Bus: bus, Key: auth.NewKey(), TokenSecret: []byte(secret),
		Log: slog.New(slog.DiscardHandler), Spread: 1}
	for range 2 {
		s, err := veche.New(config)
		if err != nil {
			t.Fatal(err)
		}
		node := httptest.NewServer(s)
		t.Cleanup(func() {
			if err := s.Close(context.Background()); err != nil {
				t.Error(err)
			}
			node.Close()
		})
		urls = append(urls, node.URL)
	}
	return urls
}
