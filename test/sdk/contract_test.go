package sdk

import (
	"strings"
	"testing"

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

// A WebSocket over HTTP/2 is one too.
func TestContractOverHTTP2(t *testing.T) {
	build(t)
	s := harness.StartTLS(t, "--token-secret", secret)
	t.Log(harness.Script(t, "node", "contract.mjs", s.WS("/ws"), "websocket/h2", secret, "one node"))
}

// The same when each request of a client reaches another of two servers than the one before.
func TestContractWithoutStickiness(t *testing.T) {
	build(t)
	c := contract.Start(t, 2)
	balancer := contract.RoundRobin(t, c.URLs...)
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			url := strings.Replace(balancer, "http", "ws", 1) + "/ws"
			t.Log(harness.Script(t, "node", "contract.mjs", url, way, string(c.Secret), "many nodes"))
		})
	}
}
