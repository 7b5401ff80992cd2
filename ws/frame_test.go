package ws

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// said is an event that outlives the parser's buffers.
type said struct {
	op   opcode
	data string
}

// parseAll feeds b in pieces of the given size and returns what was said before the end or an error.
func parseAll(p *parser, b []byte, piece int) (out []said, err error) {
	for len(b) > 0 {
		rest := b[:min(piece, len(b))]
		b = b[len(rest):]
		for len(rest) > 0 {
			var ev event
			var ok bool
			rest, ev, ok, err = p.feed(rest)
			if err != nil {
				return out, err
			}
			if ok {
				out = append(out, said{ev.op, string(ev.data)})
				ev.buf.free()
			}
		}
	}
	return out, nil
}

// parseAsDelivered is parseAll at once, the way that messages are delivered: by short where it can.
func parseAsDelivered(p *parser, b []byte) (out []said, err error) {
	for len(b) > 0 {
		op, data, n, err := p.short(b)
		if err != nil {
			return out, err
		}
		if n > 0 {
			out = append(out, said{op, string(data)})
			b = b[n:]
			continue
		}
		rest, ev, ok, err := p.feed(b)
		if err != nil {
			return out, err
		}
		if ok {
			out = append(out, said{ev.op, string(ev.data)})
			ev.buf.free()
		}
		b = rest
	}
	return out, nil
}

func serverParser() *parser { return &parser{side: Server, max: 1000} }

// TestFrameRefusals: each mistake that RFC 6455 names, with its section and close code, found however
// the bytes are cut, and found with the bytes that show it.
func TestFrameRefusals(t *testing.T) {
	masked := func(first byte, payload string) []byte { return rawFrame(first, true, payload) }
	join := func(frames ...[]byte) []byte { return bytes.Join(frames, nil) }
	tests := []struct {
		name    string
		b       []byte
		section string
		code    StatusCode
	}{
		{"RSV1 without extension", []byte{0xC1}, "RFC 6455, section 5.2", 1002},
		{"RSV2", []byte{0xA1}, "RFC 6455, section 5.2", 1002},
		{"RSV3", []byte{0x91}, "RFC 6455, section 5.2", 1002},
		{"RSV on a control frame", []byte{0xA9}, "RFC 6455, section 5.2", 1002},
		{"opcode 3", []byte{0x83}, "RFC 6455, section 5.2", 1002},
		{"opcode 7", []byte{0x87}, "RFC 6455, section 5.2", 1002},
		{"opcode 11", []byte{0x8B}, "RFC 6455, section 5.2", 1002},
		{"opcode 15", []byte{0x8F}, "RFC 6455, section 5.2", 1002},
		{"fragmented ping", []byte{0x09}, "RFC 6455, section 5.5", 1002},
		{"fragmented close", []byte{0x08}, "RFC 6455, section 5.5", 1002},
		{"long ping", []byte{0x89, 0xFE}, "RFC 6455, section 5.5", 1002},
		{"long close", []byte{0x88, 0xFF}, "RFC 6455, section 5.5", 1002},
		{"not masked", []byte{0x81, 0x05}, "RFC 6455, section 5.1", 1002},
		{"continuation of nothing", []byte{0x80}, "RFC 6455, section 5.4", 1002},
		{"continuation of nothing, not final", []byte{0x00}, "RFC 6455, section 5.4", 1002},
		{"continuation after the end", join(masked(0x01, "a"), masked(0x80, "b"), []byte{0x80}), "RFC 6455, section 5.4", 1002},
		{"message inside of a message", join(masked(0x01, "a"), []byte{0x81}), "RFC 6455, section 5.4", 1002},
		{"16-bit length not needed", join([]byte{0x82, 0xFE, 0, 125}, make([]byte, 4)), "RFC 6455, section 5.2", 1002},
		{"64-bit length not needed", join([]byte{0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, make([]byte, 4)), "RFC 6455, section 5.2", 1002},
		{"64-bit length with its high bit", join([]byte{0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 1}, make([]byte, 4)), "RFC 6455, section 5.2", 1002},
		{"close of one byte", masked(0x88, "x"), "RFC 6455, section 5.5.1", 1002},
		{"close code 999", masked(0x88, closePayload(999, "")), "RFC 6455, section 7.4", 1002},
		{"close code 1005", masked(0x88, closePayload(1005, "")), "RFC 6455, section 7.4", 1002},
		{"close code 5000", masked(0x88, closePayload(5000, "")), "RFC 6455, section 7.4", 1002},
		{"close reason", masked(0x88, closePayload(1000, "\xff")), "RFC 6455, section 5.5.1", 1007},
		{"text", masked(0x81, "a\xffb"), "RFC 6455, section 8.1", 1007},
		{"text ends in a rune", masked(0x81, "\xd0"), "RFC 6455, section 8.1", 1007},
		{"text over fragments", join(masked(0x01, "\xd0"), masked(0x80, "a")), "RFC 6455, section 8.1", 1007},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for piece := 1; piece <= len(tt.b); piece++ {
				_, err := parseAll(serverParser(), bytes.Clone(tt.b), piece)
				e := wantAs[*ProtocolError](t, err)
				if e.By != Client || e.Section != tt.section || e.Code != tt.code {
					t.Fatalf("pieces of %d: %+v", piece, e)
				}
			}
		})
	}
}

func TestFrameFromServerMasked(t *testing.T) {
	_, err := parseAll(&parser{side: Client, max: 10}, []byte{0x81, 0x85}, 1)
	if e := wantAs[*ProtocolError](t, err); e.By != Server || e.Section != "RFC 6455, section 5.1" {
		t.Fatalf("%+v", e)
	}
	if got := fmt.Sprint(err); got != "ws: server broke RFC 6455, section 5.1: frame from a server is masked (closed with 1002)" {
		t.Fatal(got)
	}
}

func TestFrameTaken(t *testing.T) {
	masked := func(first byte, payload string) []byte { return rawFrame(first, true, payload) }
	long := strings.Repeat("x", 900)
	b := bytes.Join([][]byte{
		masked(0x81, ""), masked(0x82, "\xff"), masked(0x81, long),
		masked(0x01, "При"), masked(0x89, "ping"), masked(0x00, "вет\xe2"), masked(0x8A, ""), masked(0x00, ""), masked(0x80, "\x82\xac"),
		masked(0x02, ""), masked(0x80, ""),
		masked(0x89, strings.Repeat("p", 125)),
		masked(0x88, closePayload(4999, "bye")),
	}, nil)
	want := []said{
		{opText, ""}, {opBinary, "\xff"}, {opText, long},
		{opPing, "ping"}, {opPong, ""}, {opText, "Привет€"},
		{opBinary, ""},
		{opPing, strings.Repeat("p", 125)},
		{opClose, closePayload(4999, "bye")},
	}
	for piece := 1; piece <= len(b); piece += 1 + piece/7 {
		got, err := parseAll(serverParser(), bytes.Clone(b), piece)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("pieces of %d: %v\n%v", piece, err, got)
		}
	}
}

// TestFrameTooBig: the limit is on what is announced, also in sum, and nothing is reserved for it.
func TestFrameTooBig(t *testing.T) {
	announced := func(first byte, n uint64) []byte {
		return append(appendHeader(nil, header{op: opcode(first & 0xf), masked: true, length: n}), 0)
	}
	first := announced(2, 501)
	first[0] &^= bitFin
	fragments := bytes.Join([][]byte{rawFrame(0x02, true, strings.Repeat("x", 500)), rawFrame(0x00, true, strings.Repeat("x", 500))}, nil)
	for name, b := range map[string][]byte{
		"at once":            announced(2, 1001),
		"an exabyte":         announced(1, 1<<62),
		"by a continuation":  append(bytes.Clone(fragments), rawFrame(0x80, true, "x")...),
		"sum that overflows": append(bytes.Clone(fragments), []byte{0x80, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0}...),
	} {
		_, err := parseAll(serverParser(), b, len(b))
		if e := wantAs[*TooBigError](t, err); e.By != Client || e.Limit != 1000 {
			t.Errorf("%s: %+v", name, e)
		}
	}
	p := &parser{side: Server, max: 1 << 40}
	if _, err := parseAll(p, announced(2, 1<<40), 100); err != nil || cap(p.msg.buf.b) > maxPooled {
		t.Errorf("an announced terabyte: %v, %d bytes reserved", err, cap(p.msg.buf.b))
	}
	at := bytes.Join([][]byte{fragments, rawFrame(0x80, true, "")}, nil)
	if got, err := parseAll(serverParser(), at, 100); err != nil || len(got) != 1 || len(got[0].data) != 1000 {
		t.Errorf("exactly the limit: %v %v", len(got), err)
	}
}

func TestHeaderRoundTrip(t *testing.T) {
	for _, n := range []uint64{0, 1, 125, 126, 127, 0xffff, 0x10000, 1<<63 - 1} {
		for _, masked := range []bool{false, true} {
			h := header{fin: true, op: opBinary, rsv1: n%2 == 1, masked: masked, length: n}
			if masked {
				h.key = 0x04030201
			}
			b := appendHeader(nil, h)
			got, minimal := decodeHeader(b)
			if got != h || !minimal || headerSize(b[1]) != len(b) {
				t.Errorf("%d: %+v from %x", n, got, b)
			}
		}
	}
}
