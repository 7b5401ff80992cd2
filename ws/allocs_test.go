package ws

import (
	"io"
	"strings"
	"testing"
)

// TestNoAllocations: in steady state a message takes no memory that is not reused.
func TestNoAllocations(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		c.Start(&echoHandler{make(chan error, 1)})
		out := rawFrame(0x82, true, strings.Repeat("x", 100))
		in := make([]byte, 102)
		n := testing.AllocsPerRun(500, func() {
			if _, err := p.nc.Write(out); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(p.nc, in); err != nil {
				t.Error(err)
			}
		})
		if n >= 1 && !raceEnabled {
			t.Errorf("%v allocations per message", n)
		}
	})
}
