package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
)

// People on networks that let some of it through only, and with several tabs. The script asks how many
// sockets the server was asked for.
func TestWays(t *testing.T) {
	s := harness.Start(t)
	t.Setenv("CONTROL", s.Control())
	sockets := proxy(t, s, "BASE", hostile.Fault{})
	proxy(t, s, "REFUSING", hostile.Fault{Act: hostile.Refuse, Status: http.StatusForbidden})
	proxy(t, s, "SWALLOWING", hostile.Fault{Act: hostile.Swallow, After: 400})
	count := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, upgrades(sockets))
	}))
	defer count.Close()
	t.Setenv("SOCKETS", count.URL)
	t.Log(harness.Script(t, "node", "--test", "--test-reporter=spec", "ways.mjs"))
}

// proxy puts a network in front of the server whose upgrades have that fault, and its URL into the
// environment. One that refuses them buffers streams too.
func proxy(t *testing.T, s *harness.Server, name string, upgrade hostile.Fault) *hostile.Proxy {
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
	t.Setenv(name, p.URL("http", "/"))
	return p
}

func upgrades(p *hostile.Proxy) (n int) {
	for _, e := range p.Log() {
		if e.Kind == hostile.Upgrade {
			n++
		}
	}
	return n
}
