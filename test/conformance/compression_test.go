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
// a window of so many bits; and what is said then.
type agreement struct {
	group      string
	noTakeover bool
	bits       int
	say        func(size int, r *rand.Rand) autobahn.Frame // nil: chat
	also       []agreement                                 // offered behind it
}

var agreements = []agreement{
	{group: "12.1"},
	{group: "12.2", say: picture},
	{group: "12.3", say: prose},
	{group: "12.4", say: markup},
	{group: "12.5", say: document},
	{group: "13.1"},
	{group: "13.2", noTakeover: true},
	{group: "13.3", bits: 9},
	{group: "13.4", bits: 15},
	{group: "13.5", noTakeover: true, bits: 9},
	{group: "13.6", noTakeover: true, bits: 15},
	{group: "13.7", noTakeover: true, bits: 9, also: []agreement{{noTakeover: true}, {}}},
}

// offer is what a client asks for.
func (a agreement) offer() string {
	s := a.params("server")
	for _, b := range a.also {
		s += ", " + b.params("server")
	}
	return s
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
	if a.say == nil {
		return autobahn.Frame{First: 0xC1, Payload: autobahn.Chat(size, seed)}
	}
	f := a.say(size, rand.New(rand.NewPCG(seed, 2)))
	f.Payload = f.Payload[:size]
	return f
}

// picture is bytes that do not compress well.
func picture(size int, r *rand.Rand) autobahn.Frame {
	noise := make([]byte, size)
	for i := range noise {
		noise[i] = byte(r.IntN(40))
	}
	return autobahn.Frame{First: 0xC2, Payload: string(noise)}
}

// prose is a text of words.
func prose(size int, r *rand.Rand) autobahn.Frame {
	words := strings.Fields("the assembly of all who live in the town meets at the bell and everyone may speak until all have been heard")
	var b strings.Builder
	for b.Len() < size {
		b.WriteString(words[r.IntN(len(words))] + " ,.;\n"[r.IntN(5):][:1])
	}
	return autobahn.Frame{First: 0xC1, Payload: b.String()}
}

// markup is a text that repeats itself.
func markup(size int, r *rand.Rand) autobahn.Frame {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "<li class=\"message\" id=\"m%d\"><b>%d</b>\n", r.IntN(1000), r.IntN(10))
	}
	return autobahn.Frame{First: 0xC1, Payload: b.String()}
}

// document is markup, and streams that are compressed already.
func document(size int, r *rand.Rand) autobahn.Frame {
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "%d 0 obj <</Type /Page /Length 500>> stream\n", r.IntN(100))
		for range 500 {
			b.WriteByte(byte(r.Uint32()))
		}
	}
	return autobahn.Frame{First: 0xC2, Payload: b.String()}
}

// TestCompressedServer holds samples of 12 and 13 with the echo as server.
func TestCompressedServer(t *testing.T) {
	inModes(t, func(t *testing.T, mode ...string) {
		addr := harness.Echo(t, append(mode, "--deflate")...)
		for _, a := range agreements {
			a.each(t, func(t *testing.T, hold holder) {
				nc, br, answer := dial(t, addr, a.offer())
				if answer != a.params("server") { // the first that can be had
					t.Fatalf("%q is answered with %q", a.offer(), answer)
				}
				hold(nc, br, true)
			})
		}
	})
}

// TestCompressedClient holds samples of 12 and 13 with the echo as client.
func TestCompressedClient(t *testing.T) {
	inModes(t, func(t *testing.T, mode ...string) {
		l := listen(t)
		for _, a := range agreements {
			a.each(t, func(t *testing.T, hold holder) {
				wait := harness.EchoClient(t, "ws://"+l.Addr().String(), append(mode, "--deflate")...)
				defer wait()
				nc, br, offer := accept(t, l, a.params("client"))
				if offer != "permessage-deflate; client_max_window_bits" {
					t.Fatalf("the client offers %q", offer)
				}
				hold(nc, br, false)
			})
		}
	})
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
