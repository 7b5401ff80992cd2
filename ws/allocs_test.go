package ws

import (
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/vechehq/veche/internal/autobahn"
)

// TestNoAllocations: in steady state a message takes no memory that is not reused.
func TestNoAllocations(t *testing.T) {
	const members = 64
	hello := strings.Repeat("x", 100)
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		t.Run("echo", func(t *testing.T) {
			c, p := pair(Server, Options{})
			c.Start(&echoHandler{make(chan error, 1)})
			out := rawFrame(0x82, true, hello)
			wantNoAllocations(t, func() {
				if _, err := p.nc.Write(out); err != nil {
					t.Error(err)
				}
				hear(t, p, len(hello)+2)
			})
		})
		conns, peers := crowd(t, members, pair, Options{})
		message := NewPrepared(Binary, []byte(hello))
		heard := func(times int) {
			for _, p := range peers {
				hear(t, p, times*(len(hello)+2))
			}
		}
		ways := map[string]func(){
			"broadcast": func() { Broadcast(message, slices.Values(conns), nil); heard(1) },
			"broadcast of several": func() {
				for range 8 {
					Broadcast(message, slices.Values(conns), nil)
				}
				heard(8)
			},
			"send prepared": func() {
				for _, c := range conns {
					if err := c.SendPrepared(message); err != nil {
						t.Error(err)
					}
				}
				heard(1)
			},
		}
		for name, deliver := range ways {
			t.Run(name, func(t *testing.T) { wantNoAllocations(t, deliver) })
		}
	})
}

// TestNoAllocationsCompressed: nor does a compressed one, with and without takeover.
func TestNoAllocationsCompressed(t *testing.T) {
	for _, agreed := range []deflateParams{{serverNoTakeover: true, clientNoTakeover: true}, {}, {serverBits: 9, clientBits: 9}} {
		bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
			c, p := pair(Server, Options{})
			c.agree(&agreed)
			c.in.intake = c.newIntake()
			c.Start(&echoHandler{make(chan error, 1)})
			z := &autobahn.Zlib{}
			out := rawFrame(0xC1, true, z.Deflate(autobahn.Chat(1<<10, 1)))
			var back int
			for range 20 { // with takeover an echo becomes shorter, until the window has it all
				if _, err := p.nc.Write(out); err != nil {
					t.Fatal(err)
				}
				first, payload, err := p.read()
				if err != nil || first != 0xC1 {
					t.Fatalf("%#x, %v", first, err)
				}
				back = len(rawFrame(first, false, payload))
			}
			wantNoAllocations(t, func() {
				if _, err := p.nc.Write(out); err != nil {
					t.Error(err)
				}
				hear(t, p, back)
			})
		})
	}
}

var scratch [1 << 10]byte

// hear reads n bytes, whatever they are.
func hear(t *testing.T, p *peer, n int) {
	if _, err := io.ReadFull(p.nc, scratch[:n]); err != nil {
		t.Error(err)
	}
}

// wantNoAllocations runs f many times. A goroutine that is started anew, or a pool that was emptied by
// the garbage collector, may cost something now and then, but not each time.
func wantNoAllocations(t *testing.T, f func()) {
	t.Helper()
	if n := testing.AllocsPerRun(300, f); n >= 1 && !raceEnabled {
		t.Errorf("%v allocations each time", n)
	}
}
