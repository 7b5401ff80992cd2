package ws

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/vechehq/veche/internal/autobahn"
)

// FuzzFrame: whatever the bytes, and wherever they are cut, a parser says the same, keeps its bounds,
// and lets no bad text through.
func FuzzFrame(f *testing.F) {
	for _, c := range autobahn.Cases() {
		var b []byte
		for _, v := range c.In {
			b = v.Append(b, true)
		}
		if len(b) < 4000 {
			f.Add(b, uint64(len(b)), true)
			f.Add(b, uint64(1), false)
			f.Add(b, uint64(1), true)
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64, deflate bool) {
		fresh := func() *parser {
			p := &parser{side: Server, max: 2000}
			if deflate {
				p.inflate = &inflater{takeover: true, window: maxWindow, perFrame: seed%2 == 1}
			}
			return p
		}
		atOnce, err := parseAll(fresh(), bytes.Clone(b), len(b)+1)
		for _, s := range atOnce {
			if len(s.data) > 2000 || s.op.control() && len(s.data) > maxControl {
				t.Fatalf("%d bytes of opcode %d", len(s.data), s.op)
			}
			if s.op == opText && !utf8.ValidString(s.data) {
				t.Fatalf("text %q", s.data)
			}
		}
		delivered, err3 := parseAsDelivered(fresh(), bytes.Clone(b))
		if fmt.Sprint(atOnce, err) != fmt.Sprint(delivered, err3) {
			t.Fatalf("step by step %v, %v\nas delivered %v, %v", atOnce, err, delivered, err3)
		}
		r := rand.New(rand.NewPCG(seed, 1))
		inPieces, err2 := parseAll(fresh(), bytes.Clone(b), 1+r.IntN(20))
		if fmt.Sprint(atOnce, err) != fmt.Sprint(inPieces, err2) {
			t.Fatalf("at once %v, %v\nin pieces %v, %v", atOnce, err, inPieces, err2)
		}
	})
}

// FuzzHandshake: a request is either answered with all that RFC 6455 wants, or refused with a status
// and a sentence.
func FuzzHandshake(f *testing.F) {
	f.Add(edit())
	for _, change := range []string{"Origin: https://a.b:1", "Sec-WebSocket-Protocol: a, b", "Sec-WebSocket-Key: AAAA",
		"Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=10", "Upgrade: x, WebSocket", "Host: [::1]:80"} {
		f.Add(edit(change))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(raw)))
		if err != nil {
			return
		}
		o := &AcceptOptions{Options: Options{Compression: CompressionTakeover}, Subprotocols: []string{"a"}, OriginPatterns: []string{"*.b:*"}}
		a, refusal := negotiate(r, o)
		if refusal != nil {
			w := httptest.NewRecorder()
			refuse(w, refusal)
			if refusal.Text == "" || w.Code != refusal.Status || w.Code < 400 || w.Body.Len() == 0 {
				t.Fatalf("refusal %+v: %d %s", refusal, w.Code, w.Body)
			}
			return
		}
		if r.Method != "GET" || !validKey(a.key) || r.Host == "" || r.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Fatalf("taken: %q", raw)
		}
		if a.protocol != "" && a.protocol != "a" {
			t.Fatalf("subprotocol %q", a.protocol)
		}
	})
}

// FuzzExtensions: what is agreed on was offered, and a client that offered it takes the answer.
func FuzzExtensions(f *testing.F) {
	for _, s := range []string{"permessage-deflate", "permessage-deflate; client_max_window_bits=10, x; y=\"z\"",
		"permessage-deflate; server_max_window_bits=8; server_no_context_takeover", "x-webkit-deflate-frame; max_window_bits=8", `a;b="\"`, ",,"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		list, ok := parseExtensions([]string{line})
		if !ok {
			return
		}
		for _, o := range []*Options{{}, {Compression: CompressionNoTakeover}, {Compression: CompressionTakeover}, {Compression: CompressionTakeover, WindowBits: 9}} {
			agreed, answer := acceptDeflate(list, o)
			if (agreed == nil) != (answer == "") {
				t.Fatalf("%v answered %q", agreed, answer)
			}
			if agreed == nil {
				continue
			}
			back, ok := parseExtensions([]string{answer})
			if !ok {
				t.Fatalf("answer %q is malformed", answer)
			}
			if agreed.perFrame {
				if slices.ContainsFunc(list, func(e extension) bool { return strings.EqualFold(e.name, deflateName) }) {
					t.Fatalf("%q was answered with %q, which is older", line, answer)
				}
				continue // our clients do not offer it
			}
			if agreed.clientBits != 0 && !strings.Contains(strings.ToLower(line), paramClientBits) {
				t.Fatalf("%q was answered with %q", line, answer)
			}
			got, problem := agreeDeflate(back, &Options{Compression: o.Compression})
			if problem != "" || *got != *agreed {
				t.Fatalf("answer %q is taken as %+v, %s", answer, got, problem)
			}
		}
	})
}

// FuzzDeflate: what one side compresses the other inflates, under any agreement, message after
// message; and what nobody has compressed does no harm.
func FuzzDeflate(f *testing.F) {
	f.Add([]byte("hello"), []byte("hello, hello"), byte(15), true)
	f.Add([]byte(autobahn.Chat(3000, 1)), []byte(autobahn.Chat(700, 2)), byte(8), true)
	f.Add([]byte(autobahn.Chat(300, 1)), []byte("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), byte(9), false)
	f.Fuzz(func(t *testing.T, a, b []byte, bits byte, takeover bool) {
		agreed := deflateParams{serverBits: 8 + int(bits%8), serverNoTakeover: !takeover}
		d, _ := agreed.codecs(Server, 1)
		_, in := agreed.codecs(Client, 1)
		for i, p := range [][]byte{a, b, a, b} {
			if len(p) == 0 {
				continue
			}
			wire := newBuffer()
			d.message(wire, p)
			d.remember(p)
			got, err := in.message(wire, int64(len(p)))
			if err != nil || !bytes.Equal(got.b, p) {
				t.Fatalf("message %d: %v", i, err)
			}
		}
		if out, err := in.message(&buffer{b: bytes.Clone(b)}, 1000); err == nil && len(out.b) > 1000 {
			t.Fatalf("%d bytes", len(out.b))
		}
	})
}
