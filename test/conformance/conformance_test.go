package conformance

import (
	"os"
	"testing"

	"github.com/vechehq/veche/internal/autobahn"
	"github.com/vechehq/veche/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// modes are how the echo serves connections.
var modes = []string{"loop", "goroutine"}

func inModes(t *testing.T, run func(t *testing.T, mode ...string)) {
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) { run(t, "--mode", mode) })
	}
}

// TestServer holds the cases 1 to 10 with the echo as server.
func TestServer(t *testing.T) {
	inModes(t, func(t *testing.T, mode ...string) {
		addr := harness.Echo(t, mode...)
		for _, c := range append(autobahn.Cases(), autobahn.Limits()...) {
			t.Run(c.Name, func(t *testing.T) {
				nc, br, _ := dial(t, addr, "")
				if err := c.Hold(nc, br, true); err != nil {
					t.Error(err)
				}
			})
		}
	})
}

// TestClient holds the cases 1 to 10 with the echo as client, one process for each.
func TestClient(t *testing.T) {
	inModes(t, func(t *testing.T, mode ...string) {
		l := listen(t)
		for _, c := range append(autobahn.Cases(), autobahn.Limits()...) {
			t.Run(c.Name, func(t *testing.T) {
				wait := harness.EchoClient(t, "ws://"+l.Addr().String()+"/echo", mode...)
				defer wait()
				nc, br, _ := accept(t, l, "")
				if err := c.Hold(nc, br, false); err != nil {
					t.Error(err)
				}
			})
		}
	})
}
