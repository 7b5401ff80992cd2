package contract

import (
	"crypto/tls"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

func TestContract(t *testing.T) {
	c := Start(t, 1)
	for _, w := range Ways {
		play(t, w, c.URLs[0], c, true)
	}
}

// Each request of a client reaches another node than the one before.
func TestContractWithoutStickiness(t *testing.T) {
	c := Start(t, 2)
	base := RoundRobin(t, c.URLs...)
	for _, w := range Ways {
		play(t, w, base, c, false)
	}
}

// The same tests against servers of another process, as they run against several machines, where what one run
// leaves behind is not in the way of the next.
func TestRunningServers(t *testing.T) {
	const secret = "a secret that is long enough for HS256"
	t.Setenv("VECHE_URLS", strings.Join(harness.Nodes(t, 2, secret), ","))
	t.Setenv("VECHE_TOKEN_SECRET", secret)
	t.Run("contract", TestContractWithoutStickiness)
	for range 2 {
		t.Run("history", TestHistoryWithoutStickiness)
	}
}

func TestContractOverHTTP2(t *testing.T) {
	lender := httptest.NewTLSServer(nil) // of a certificate
	defer lender.Close()
	cert, trust := lender.TLS.Certificates[0], lender.Client().Transport.(*http.Transport).TLSClientConfig
	c := Cluster{Secret: auth.NewKey()}
	addr := serve(t, veche.Config{Data: t.TempDir(), TokenSecret: c.Secret, Log: slog.New(slog.DiscardHandler), Spread: 1,
		TLS: &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: []string{"h2", "http/1.1"}}})
	for _, w := range WaysOverHTTP2(trust) {
		play(t, w, "https://"+addr, c, true)
	}
}

func play(t *testing.T, w Way, base string, c Cluster, one bool) {
	t.Run(w.Name, func(t *testing.T) {
		token := c.Tokens(t)
		for _, s := range Load(t) {
			if s.InMemory() && !one {
				continue
			}
			t.Run(s.Name, func(t *testing.T) { Play(t, s, w, base, token) })
		}
	})
}
