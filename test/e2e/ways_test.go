package e2e

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync/atomic"
	"testing"

	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
)

// People on networks that let some of it through only, and with several tabs. The script asks how many
// WebSockets are open.
func TestWays(t *testing.T) {
	s := harness.Start(t)
	t.Setenv("CONTROL", s.Control())
	var open atomic.Int64
	t.Setenv("BASE", counting(t, s, &open)+"/")
	t.Setenv("REFUSING", proxy(t, s, hostile.Fault{Act: hostile.Refuse, Status: http.StatusForbidden}))
	t.Setenv("SWALLOWING", proxy(t, s, hostile.Fault{Act: hostile.Swallow, After: 400}))
	count := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, open.Load())
	}))
	defer count.Close()
	t.Setenv("SOCKETS", count.URL)
	t.Log(harness.Script(t, "node", "--test", "--test-reporter=spec", "ways.mjs"))
}

// counting puts a network without faults in front of the server, which counts the WebSockets that are open
// through it, and returns its URL.
func counting(t *testing.T, s *harness.Server, open *atomic.Int64) string {
	to := &url.URL{Scheme: "http", Host: s.Addr}
	forward := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		Transport:     &http.Transport{DisableKeepAlives: true}, // a killed server leaves nothing to be used again
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	network := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") != "" {
			open.Add(1)
			defer open.Add(-1)
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(network.Close)
	return network.URL
}

// proxy puts a network in front of the server whose upgrades have that fault, and returns its URL. One that
// refuses them buffers streams too.
func proxy(t *testing.T, s *harness.Server, upgrade hostile.Fault) string {
	p, err := hostile.New(s.Addr, func(x hostile.Exchange) hostile.Fault {
		switch {
		case x.Kind == hostile.Upgrade:
			return upgrade
		case x.Kind == hostile.Stream && upgrade.Act == hostile.Refuse:
			return hostile.Fault{Act: hostile.Buffer, After: 1 << 20}
		}
		return hostile.Fault{}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p.URL("http", "/")
}
