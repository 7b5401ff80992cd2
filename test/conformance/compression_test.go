package conformance

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"

	"github.com/vechehq/veche/internal/autobahn"
	"github.com/vechehq/veche/test/harness"
)

// sample is how many messages a case has; the suite's have a thousand.
const sample = 10

// sizes are those of the cases 12.n.1 to 12.n.18 and 13.n.1 to 13.n.18: of the message, and of its
// fragments before they are compressed into one, 0 if it goes whole.
var sizes = []struct{ message, fragment int }{
	{16, 0}, {64, 0}, {256, 0}, {1 << 10, 0}, {4 << 10, 0}, {8 << 10, 0}, {16 << 10, 0}, {32 << 10, 0}, {64 << 10, 0}, {128 << 10, 0},
	{8 << 10, 256}, {16 << 10, 256}, {32 << 10, 256}, {64 << 10, 256}, {128 << 10, 256}, {128 << 10, 1 << 10}, {128 << 10, 4 << 10}, {128 << 10, 32 << 10},
}

// agreement is what one group of cases wants of the echo: that it compresses without takeover, or in
// a window of so many bits.
type agreement struct {
	group      string
	noTakeover bool
	bits       int
	binary     bool // and what is sent is bytes that do not compress well
}

var agreements = []agreement{
	{group: "12.1"},
	{group: "12.2", binary: true},
	{group: "13.1"},
	{group: "13.2", noTakeover: true},
	{group: "13.3", bits: 9},
	{group: "13.4", bits: 15},
	{group: "13.5", noTakeover: true, bits: 9},
	{group: "13.6", noTakeover: true, bits: 15},
}

// params spells the agreement for a side: "server" in a client's offer, "client" in a server's answer.
func (a agreement) params(side string) string {
	s := "permessage-deflate"
	if a.noTakeover {
		s += "; " + side + "_no_context_takeover"
	}
	if a.bits > 0 {
		s += fmt.Sprintf("; %s_max_window_bits=%d", side, a.bits)
	}
	return s
}

// codec is the peer's, which keeps a context of its own in any case.
func (a agreement) codec() *autobahn.Zlib {
	z := &autobahn.Zlib{DeflateTakeover: true, InflateTakeover: !a.noTakeover}
	if a.bits > 0 {
		z.Window = 1 << a.bits
	}
	return z
}

func (a agreement) message(size int, seed uint64) autobahn.Frame {
	if !a.binary {
		return autobahn.Frame{First: 0xC1, Payload: autobahn.Chat(size, seed)}
	}
	noise := make([]byte, size)
	r := rand.New(rand.NewPCG(seed, 2))
	for i := range noise {
		noise[i] = byte(r.IntN(40))
	}
	return autobahn.Frame{First: 0xC2, Payload: string(noise)}
}

// TestCompressedServer holds samples of 12 and 13 with the echo as server.
func TestCompressedServer(t *testing.T) {
	addr := harness.Echo(t, "--deflate")
	for _, a := range agreements {
		a.each(t, func(t *testing.T, hold holder) {
			nc, br, answer := dial(t, addr, a.params("server"))
			if answer != a.params("server") {
				t.Fatalf("%q is answered with %q", a.params("server"), answer)
			}
			hold(nc, br, true)
		})
	}
	t.Run("13.7", func(t *testing.T) {
		// Of several offers the first that can be taken is.
		offers := []string{"permessage-deflate; server_max_window_bits=99", agreements[6].params("server"), agreements[3].params("server"), "permessage-deflate"}
		if _, _, answer := dial(t, addr, strings.Join(offers, ", ")); answer != offers[1] {
			t.Errorf("answered with %q", answer)
		}
	})
}

// TestCompressedClient holds samples of 12 and 13 with the echo as client.
func TestCompressedClient(t *testing.T) {
	l := listen(t)
	for _, a := range agreements {
		a.each(t, func(t *testing.T, hold holder) {
			wait := harness.EchoClient(t, "ws://"+l.Addr().String(), "--deflate")
			defer wait()
			nc, br, offer := accept(t, l, a.params("client"))
			if offer != "permessage-deflate; client_max_window_bits" {
				t.Fatalf("the client offers %q", offer)
			}
			hold(nc, br, false)
		})
	}
}

// holder plays the peer on a connection after its handshake.
type holder func(nc net.Conn, br *bufio.Reader, client bool)

// each runs every case of a group.
func (a agreement) each(t *testing.T, run func(*testing.T, holder)) {
	for i, size := range sizes {
		t.Run(fmt.Sprintf("%s.%d", a.group, i+1), func(t *testing.T) {
			run(t, func(nc net.Conn, br *bufio.Reader, client bool) {
				if err := a.hold(nc, br, client, size.message, size.fragment); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// hold has each message echoed, and closes.
func (a agreement) hold(nc net.Conn, br *bufio.Reader, client bool, size, fragment int) error {
	defer nc.Close()
	z := a.codec()
	for i := range sample {
		want := a.message(size, uint64(i))
		if err := write(nc, client, autobahn.Frame{First: want.First, Payload: z.Deflate(want.Payload)}, fragment); err != nil {
			return err
		}
		got, err := autobahn.Read(br, !client)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if got.First == want.First {
			if got.Payload, err = z.Inflate(got.Payload); err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
		}
		// One that compresses badly may come as it is.
		if got.First|0x40 != want.First || got.Payload != want.Payload {
			return fmt.Errorf("message %d came back as %v, sent was %v", i, got, want)
		}
	}
	return autobahn.Case{Name: "end"}.Hold(nc, br, client)
}

// write sends a compressed message, in fragments if it should be, of which the first alone says that
// it is compressed.
func write(nc net.Conn, client bool, f autobahn.Frame, fragment int) error {
	var b []byte
	rest := f.Payload
	for first := f.First &^ 0x80; ; first = 0 {
		n := len(rest)
		if fragment > 0 {
			n = min(n, fragment)
		}
		part := autobahn.Frame{First: first, Payload: rest[:n]}
		if rest = rest[n:]; rest == "" {
			part.First |= 0x80
		}
		b = part.Append(b, client)
		if rest == "" {
			_, err := nc.Write(b)
			return err
		}
	}
}
