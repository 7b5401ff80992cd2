package ws

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vechehq/veche/internal/autobahn"
)

// TestAutobahnCompression is the suites 12.* and 13.*: messages of many sizes, several of each, text
// and binary, under each agreement, echoed in both directions.
func TestAutobahnCompression(t *testing.T) {
	agreements := []struct {
		name string
		p    deflateParams
	}{
		{"12, 13.1 takeover", deflateParams{}},
		{"13.2 server without", deflateParams{serverNoTakeover: true}},
		{"13.3 server window 9", deflateParams{serverBits: 9}},
		{"13.4 server window 15", deflateParams{serverBits: 15, clientNoTakeover: true}},
		{"13.5 server window 8 without", deflateParams{serverBits: 8, serverNoTakeover: true}},
		{"13.6 client window 10", deflateParams{clientBits: 10, serverBits: 12}},
		{"13.7 both without", deflateParams{serverNoTakeover: true, clientNoTakeover: true}},
	}
	for _, a := range agreements {
		for _, side := range []Side{Server, Client} {
			for _, push := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s %v push %v", a.name, side, push), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { echoCompressed(t, a.p, side, push) })
				})
			}
		}
	}
}

func echoCompressed(t *testing.T, a deflateParams, side Side, push bool) {
	c, p := deflatePair(t, side, Options{CompressionThreshold: 10}, a)
	ended := echo(c, push)
	// The standard library cannot limit its window, so such a peer does without takeover.
	z := &autobahn.Zlib{DeflateTakeover: !a.clientNoTakeover && a.clientBits == 0, InflateTakeover: !a.serverNoTakeover, Window: windowSize(a.serverBits)}
	if side == Client {
		z = &autobahn.Zlib{DeflateTakeover: !a.serverNoTakeover && a.serverBits == 0, InflateTakeover: !a.clientNoTakeover, Window: windowSize(a.clientBits)}
	}
	small := 0
	for i, size := range []int{0, 16, 64, 256, 256, 256, 1024, 1024, 4096, 8192, 16384, 32768, 40000, 65536, 131072, 300} {
		s := autobahn.Chat(size, uint64(i))
		first := byte(0xC1)
		if i%3 == 2 {
			first, s = 0xC2, s+"\xff\x00"
		}
		go p.write(p.fr(first, z.Deflate(s)))
		f, got, err := p.read()
		if err == nil && f&bitRSV1 != 0 {
			if size == 256 {
				small += len(got)
			}
			got, err = z.Inflate(got)
		}
		if err != nil || got != s || f&^bitRSV1 != first&^bitRSV1 {
			t.Fatalf("message %d of %d bytes: frame %#x, %d bytes, %v", i, size, f, len(got), err)
		}
	}
	if z.InflateTakeover && z.Window > 1024 && small > 400 {
		t.Errorf("three messages of 256 bytes with takeover took %d bytes", small)
	}
	p.write(p.fr(0x88, closePayload(1000, "")))
	p.wantClose("end", 1000)
	_ = p.nc.Close()
	wantAs[*CloseError](t, <-ended)
}

// TestInflate takes the examples of RFC 7692, section 7.2.3.
func TestInflate(t *testing.T) {
	second := "\xf2\x00\x11\x00\x00"
	tests := []struct {
		name     string
		takeover bool
		messages []string
	}{
		{"one block", false, []string{"\xf2\x48\xcd\xc9\xc9\x07\x00"}},
		{"shared window", true, []string{"\xf2\x48\xcd\xc9\xc9\x07\x00", second, second}},
		{"no compression", false, []string{"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"}},
		{"BFINAL", false, []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"}},
		{"BFINAL and its window", true, []string{"\xf3\x48\xcd\xc9\xc9\x07\x00\x00", second}},
		{"two blocks", false, []string{"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"}},
		{"BFINAL alone", false, []string{"\xf3\x48\xcd\xc9\xc9\x07\x00"}},
	}
	for _, tt := range tests {
		f := &inflater{takeover: tt.takeover, window: maxWindow}
		for i, m := range tt.messages {
			out, err := f.message(&buffer{b: []byte(m)}, 100)
			if err != nil || string(out.b) != "Hello" {
				t.Errorf("%s, message %d: %v", tt.name, i, err)
			}
		}
	}
	f := &inflater{window: maxWindow}
	for name, m := range map[string]string{
		"reserved block":   "\x06",
		"stored length":    "\x00\x05\x00\xfa\xfe\x48",
		"before the start": second,
		"cut":              "\xf2\x48\xcd",
	} {
		if out, err := f.message(&buffer{b: []byte(m)}, 100); err == nil {
			t.Errorf("%s: inflated to %q", name, out.b)
		}
	}
}

// TestBombs: a message that inflates to more than the limit is refused after the limit, not after the
// whole; exactly the limit is taken.
func TestBombs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		z := &autobahn.Zlib{}
		c, p := deflatePair(t, Server, Options{MaxMessage: 1 << 20}, deflateParams{})
		rec := newRecorder()
		sizes := make(chan int, 10)
		rec.on = func(_ *Conn, _ MessageType, data []byte) { sizes <- len(data) }
		c.Start(rec)
		p.write(p.fr(0xC2, z.Deflate(strings.Repeat("\x00", 1<<20))))
		if n := <-sizes; n != 1<<20 {
			t.Fatalf("a message of the limit has %d bytes", n)
		}
		bomb := z.Deflate(strings.Repeat("\x00", 24<<20))
		if len(bomb) > 1<<20 {
			t.Fatalf("the bomb has %d bytes", len(bomb))
		}
		p.write(p.fr(0xC2, bomb))
		p.wantClose("bomb", StatusTooBig)
		p.wantEnd("bomb")
		if e := wantAs[*TooBigError](t, <-rec.closed); e.Limit != 1<<20 {
			t.Fatalf("%+v", e)
		}
	})
	var out *buffer
	f := &inflater{window: maxWindow}
	bomb := (&autobahn.Zlib{}).Deflate(strings.Repeat("\x00", 8<<20))
	_, err := f.message(&buffer{b: []byte(bomb)}, 1000)
	if err != errInflatesTooBig || out != nil {
		t.Fatalf("bomb: %v", err)
	}
	// What does not compress is a little longer on the wire than the limit.
	noise := make([]byte, 1<<20)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(noise)
	wire := (&autobahn.Zlib{}).Deflate(string(noise))
	parser := &parser{side: Server, max: 1 << 20, inflate: f}
	if got, err := parseAll(parser, rawFrame(0xC2, true, wire), 1<<16); err != nil || len(got) != 1 || got[0].data != string(noise) {
		t.Fatalf("noise: %d bytes on the wire, %v", len(wire), err)
	}
}

func TestCompressedRefusals(t *testing.T) {
	for name, tt := range map[string]struct {
		in   []autobahn.Frame
		code StatusCode
	}{
		"garbage":             {autobahn.Frames(0xC1, "\x06\x06"), 1007},
		"text":                {autobahn.Frames(0xC1, (&autobahn.Zlib{}).Deflate("\xff")), 1007},
		"RSV1 on a later one": {autobahn.Frames(0x41, "\xf2\x48", 0xC0, "\xcd"), 1002},
		"RSV1 on a ping":      {autobahn.Frames(0xC9, ""), 1002},
		"RSV2":                {autobahn.Frames(0xE1, ""), 1002},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, p := deflatePair(t, Server, Options{}, deflateParams{})
			ended := echo(c, true)
			for _, f := range tt.in {
				p.write(p.fr(f.First, f.Payload))
			}
			p.wantClose(name, tt.code)
			if e := wantAs[*ProtocolError](t, <-ended); e.Code != tt.code {
				t.Errorf("%s: %+v", name, e)
			}
		})
	}
}

// TestTakeoverFragmented: a compressed message in fragments, with a ping between.
func TestTakeoverFragmented(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := deflatePair(t, Server, Options{}, deflateParams{})
		echo(c, true)
		z := &autobahn.Zlib{DeflateTakeover: true}
		for range 2 {
			w := z.Deflate("Hello, Hello, Hello")
			p.write(p.fr(0x41, w[:3]), p.fr(0x89, "p"), p.fr(0x00, w[3:4]), p.fr(0x80, w[4:]))
			p.want("pong", 0x8A, "p")
			p.want("echo below the threshold", 0x81, "Hello, Hello, Hello")
		}
	})
}

func TestExtensions(t *testing.T) {
	offers := []struct {
		line string
		mode Compression
		want string
		bits int // WindowBits
	}{
		{"permessage-deflate", CompressionTakeover, "permessage-deflate", 0},
		{"Permessage-Deflate", CompressionTakeover, "permessage-deflate", 0},
		{"permessage-deflate", CompressionOff, "", 0},
		{"permessage-deflate ; client_max_window_bits", CompressionTakeover, "permessage-deflate", 0},
		{"permessage-deflate; client_max_window_bits=15", CompressionTakeover, "permessage-deflate", 0},
		{"permessage-deflate; client_max_window_bits=10", CompressionTakeover, "permessage-deflate; client_max_window_bits=10", 0},
		{"permessage-deflate; client_max_window_bits=10; client_no_context_takeover", CompressionTakeover, "permessage-deflate; client_no_context_takeover", 0},
		{"permessage-deflate; client_max_window_bits=10", CompressionNoTakeover, "permessage-deflate; server_no_context_takeover; client_no_context_takeover", 0},
		{"permessage-deflate; client_max_window_bits", CompressionTakeover, "permessage-deflate; client_max_window_bits=9", 9},
		{"permessage-deflate; client_max_window_bits=8", CompressionTakeover, "permessage-deflate; client_max_window_bits=8", 9},
		{"permessage-deflate; client_max_window_bits=12", CompressionTakeover, "permessage-deflate; client_max_window_bits=8", 3},
		{"permessage-deflate; server_max_window_bits=12", CompressionTakeover, "permessage-deflate; client_no_context_takeover; server_max_window_bits=12", 9},
		{"deflate-frame", CompressionTakeover, "deflate-frame; max_window_bits=9", 9},
		{"permessage-deflate; client_max_window_bits=7", CompressionTakeover, "", 0},
		{"permessage-deflate; server_max_window_bits=8", CompressionTakeover, "permessage-deflate; server_max_window_bits=8", 0},
		{`permessage-deflate; server_max_window_bits="1\5"`, CompressionTakeover, "permessage-deflate; server_max_window_bits=15", 0},
		{"permessage-deflate; server_max_window_bits", CompressionTakeover, "", 0},
		{"permessage-deflate; server_max_window_bits=08", CompressionTakeover, "", 0},
		{"permessage-deflate; server_max_window_bits=+9", CompressionTakeover, "", 0},
		{"permessage-deflate; server_max_window_bits=16", CompressionTakeover, "", 0},
		{"permessage-deflate; server_no_context_takeover=1", CompressionTakeover, "", 0},
		{"permessage-deflate; client_no_context_takeover; client_no_context_takeover", CompressionTakeover, "", 0},
		{"permessage-deflate; client_no_context_takeover", CompressionTakeover, "permessage-deflate; client_no_context_takeover", 0},
		{"permessage-deflate; foo, permessage-deflate", CompressionTakeover, "permessage-deflate", 0},
		{"x-foo, , permessage-bzip2; a=b", CompressionTakeover, "", 0},
	}
	for _, tt := range offers {
		list, ok := parseExtensions([]string{tt.line})
		if !ok {
			t.Errorf("%s: not parsed", tt.line)
			continue
		}
		if _, got := acceptDeflate(list, &Options{Compression: tt.mode, WindowBits: tt.bits}); got != tt.want {
			t.Errorf("%s: answered %q, want %q", tt.line, got, tt.want)
		}
	}
	for _, line := range []string{";", "a;", "a;;b", "a;b=", `a;b="`, `a;b="c d"`, `a;b="\`, "a b", "a=b", "a;b c", "é"} {
		if list, ok := parseExtensions([]string{line}); ok {
			t.Errorf("%q parsed as %v", line, list)
		}
	}
}

// TestAnswers: what a client offers, and which answers it takes.
func TestAnswers(t *testing.T) {
	takeover, without := Options{Compression: CompressionTakeover}, Options{Compression: CompressionNoTakeover}
	small := Options{Compression: CompressionTakeover, WindowBits: 10}
	for o, want := range map[Options]string{
		{}:       "",
		takeover: "permessage-deflate; client_max_window_bits",
		without:  "permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
		small:    "permessage-deflate; server_max_window_bits=10; client_max_window_bits",
	} {
		if got := offerDeflate(&o); got != want {
			t.Errorf("%+v offers %q, not %q", o, got, want)
		}
	}
	for _, tt := range []struct {
		o      Options
		answer string
		taken  bool
		want   deflateParams
	}{
		{takeover, "permessage-deflate", true, deflateParams{}},
		{takeover, "permessage-deflate; server_max_window_bits=9; client_max_window_bits=8", true,
			deflateParams{serverBits: 9, clientBits: 8, clientBitsNamed: true}},
		{takeover, "permessage-deflate; server_no_context_takeover; client_no_context_takeover", true,
			deflateParams{serverNoTakeover: true, clientNoTakeover: true}},
		{takeover, "permessage-deflate; client_max_window_bits", false, deflateParams{}},
		{takeover, "permessage-deflate; client_max_window_bits=7", false, deflateParams{}},
		{takeover, "permessage-deflate; server_max_window_bits=16", false, deflateParams{}},
		{takeover, "permessage-deflate; server_max_window_bits=10; server_max_window_bits=10", false, deflateParams{}},
		{takeover, "permessage-deflate; what", false, deflateParams{}},
		{takeover, "permessage-deflate, permessage-deflate", false, deflateParams{}},
		{takeover, "deflate-frame", false, deflateParams{}},
		{Options{}, "permessage-deflate", false, deflateParams{}},
		{without, "permessage-deflate", false, deflateParams{}},
		{without, "permessage-deflate; server_no_context_takeover", true, deflateParams{serverNoTakeover: true, clientNoTakeover: true}},
		{small, "permessage-deflate", false, deflateParams{}},
		{small, "permessage-deflate; server_max_window_bits=11", false, deflateParams{}},
		{small, "permessage-deflate; server_max_window_bits=10", true, deflateParams{serverBits: 10}},
		{small, "permessage-deflate; server_max_window_bits=8", true, deflateParams{serverBits: 8}},
	} {
		list, ok := parseExtensions([]string{tt.answer})
		if !ok {
			t.Fatalf("%q is malformed", tt.answer)
		}
		got, problem := agreeDeflate(list, &tt.o)
		if (problem == "") != tt.taken || tt.taken && *got != tt.want {
			t.Errorf("%q is taken as %+v, %q", tt.answer, got, problem)
		}
	}
}

func TestSlide(t *testing.T) {
	var w []byte
	all := ""
	for i := range 50 {
		s := strings.Repeat(string(rune('a'+i%26)), i%13)
		all += s
		w = slide(w, []byte(s), 10)
		if want := all[max(0, len(all)-10):]; string(w) != want || cap(w) > 10 {
			t.Fatalf("%q, want %q", w, want)
		}
	}
}
