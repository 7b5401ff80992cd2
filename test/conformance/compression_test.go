package conformance

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/vechehq/veche/internal/autobahn"
	"github.com/vechehq/veche/test/harness"
)

// size is what the cases 12.n.1 to 12.n.18 and 13.n.1 to 13.n.18 say: messages of so many bytes, and
// fragments of so many before they are compressed into one, 0 if a message goes whole.
type size struct{ message, fragment int }

var sizes = []size{
	{16, 0}, {64, 0}, {256, 0}, {1 << 10, 0}, {4 << 10, 0}, {8 << 10, 0}, {16 << 10, 0}, {32 << 10, 0}, {64 << 10, 0}, {128 << 10, 0},
	{8 << 10, 256}, {16 << 10, 256}, {32 << 10, 256}, {64 << 10, 256}, {128 << 10, 256}, {128 << 10, 1 << 10}, {128 << 10, 4 << 10}, {128 << 10, 32 << 10},
}

// agreement is what one group of cases wants of the echo: that it compresses without takeover, or in
// a window of so many bits.
type agreement struct {
	group      string
	noTakeover bool
	bits       int
	also       []agreement // offered behind it
}

// matters are the groups by what is said in them.
var matters = []struct {
	say    sayer
	groups []agreement
}{
	{chat, []agreement{
		{group: "12.1"},
		{group: "13.1"},
		{group: "13.2", noTakeover: true},
		{group: "13.3", bits: 9},
		{group: "13.4", bits: 15},
		{group: "13.5", noTakeover: true, bits: 9},
		{group: "13.6", noTakeover: true, bits: 15},
		{group: "13.7", noTakeover: true, bits: 9, also: []agreement{{noTakeover: true}, {}}},
	}},
	{picture, []agreement{{group: "12.2"}}},
	{prose, []agreement{{group: "12.3"}}},
	{markup, []agreement{{group: "12.4"}}},
	{document, []agreement{{group: "12.5"}}},
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

// codec inflates what the echo says.
func (a agreement) codec() *autobahn.Zlib {
	z := &autobahn.Zlib{InflateTakeover: !a.noTakeover}
	if a.bits > 0 {
		z.Window = 1 << a.bits
	}
	return z
}

// TestCounts: there are as many cases of 12 and 13 as the suite has.
func TestCounts(t *testing.T) {
	count := map[string]int{}
	for _, m := range matters {
		for _, a := range m.groups {
			count[a.group[:2]] += len(sizes)
		}
	}
	if count["12"] != 90 || count["13"] != 126 {
		t.Errorf("cases of each section: %v", count)
	}
}

// TestCompressed holds the cases 12 and 13, in both modes, with the echo as server and as client, some
// at a time.
func TestCompressed(t *testing.T) {
	servers := map[string]string{}
	for _, mode := range modes {
		servers[mode] = harness.Echo(t, "--mode", mode, "--deflate")
	}
	for _, m := range matters {
		for _, message := range distinct(sizes) {
			script := sync.OnceValue(func() []line { return m.say.script(message) })
			for i, s := range sizes {
				if s.message != message {
					continue
				}
				for _, a := range m.groups {
					t.Run(fmt.Sprintf("%s.%d", a.group, i+1), func(t *testing.T) {
						c := conversation{a, s, script}
						for _, mode := range modes {
							t.Run(mode+", server", func(t *testing.T) { t.Parallel(); c.withServer(t, servers[mode]) })
							t.Run(mode+", client", func(t *testing.T) { t.Parallel(); c.withClient(t, mode) })
						}
					})
				}
			}
		}
	}
}

// distinct are the sizes of messages, each once.
func distinct(sizes []size) []int {
	var list []int
	for _, s := range sizes {
		list = append(list, s.message)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// conversation is a case.
type conversation struct {
	agreement
	size
	script func() []line
}

func (c conversation) withServer(t *testing.T, addr string) {
	script := c.script()
	nc, br, answer := dial(t, addr, c.offer())
	if answer != c.params("server") { // the first that can be had
		t.Fatalf("%q is answered with %q", c.offer(), answer)
	}
	if err := c.hold(nc, br, true, script); err != nil {
		t.Error(err)
	}
}

func (c conversation) withClient(t *testing.T, mode string) {
	script := c.script()
	l := listen(t)
	wait := harness.EchoClient(t, "ws://"+l.Addr().String(), "--mode", mode, "--deflate")
	defer wait()
	nc, br, offer := accept(t, l, c.params("client"))
	if offer != "permessage-deflate; client_max_window_bits" {
		t.Fatalf("the client offers %q", offer)
	}
	if err := c.hold(nc, br, false, script); err != nil {
		t.Error(err)
	}
}

// hold has each message echoed, and closes.
func (c conversation) hold(nc net.Conn, br *bufio.Reader, client bool, script []line) error {
	defer nc.Close()
	z := c.codec()
	for i, want := range script {
		if err := write(nc, client, want, c.fragment); err != nil {
			return err
		}
		got, err := autobahn.Read(br, !client)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if got.First == want.first {
			if got.Payload, err = z.Inflate(got.Payload); err != nil {
				return fmt.Errorf("message %d: %w", i, err)
			}
		}
		// One that compresses badly may come as it is.
		if got.First|0x40 != want.first || got.Payload != want.plain {
			return fmt.Errorf("message %d, %.40q…, came back as %v", i, want.plain, got)
		}
	}
	return autobahn.Case{Name: "end"}.Hold(nc, br, client)
}

// write sends a compressed message, in fragments if it should be, of which the first alone says that
// it is compressed.
func write(nc net.Conn, client bool, l line, fragment int) error {
	var b []byte
	rest := l.packed
	for first := l.first &^ 0x80; ; first = 0 {
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
