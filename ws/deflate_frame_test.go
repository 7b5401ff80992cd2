package ws

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vechehq/veche/internal/autobahn"
)

// TestFrameDeflateAgreement: the older extension is answered under the name that was asked for, if it
// is all that the client knows.
func TestFrameDeflateAgreement(t *testing.T) {
	const plain, takeover = CompressionNoTakeover, CompressionTakeover
	tests := []struct {
		offer  string
		mode   Compression
		answer string
	}{
		{"deflate-frame", takeover, "deflate-frame"},
		{"x-webkit-deflate-frame", takeover, "x-webkit-deflate-frame"},
		{"x-webkit-deflate-frame", plain, "x-webkit-deflate-frame; no_context_takeover"},
		{"x-webkit-deflate-frame", CompressionOff, ""},
		{"x-webkit-deflate-frame; no_context_takeover; max_window_bits=9", takeover, "x-webkit-deflate-frame"},
		{"deflate-frame; max_window_bits=16, x-webkit-deflate-frame", takeover, "x-webkit-deflate-frame"},
		{"deflate-frame; max_window_bits", takeover, ""},
		{"deflate-frame; max_window_bits=9; max_window_bits=9", takeover, ""},
		{"deflate-frame; no_context_takeover=1", takeover, ""},
		{"deflate-frame; no_context_takeover; no_context_takeover", takeover, ""},
		{"deflate-frame; what", takeover, ""},
		{"deflate-frame, permessage-deflate", takeover, "permessage-deflate"},
		{"deflate-frame, permessage-deflate; server_max_window_bits=99", takeover, ""},
	}
	for _, tt := range tests {
		offers, ok := parseExtensions([]string{tt.offer})
		if !ok {
			t.Fatalf("%q is malformed", tt.offer)
		}
		if _, answer := acceptDeflate(offers, &Options{Compression: tt.mode}); answer != tt.answer {
			t.Errorf("%q is answered with %q, want %q", tt.offer, answer, tt.answer)
		}
	}
	offers, _ := parseExtensions([]string{"deflate-frame; max_window_bits=9; no_context_takeover"})
	d, _ := acceptDeflate(offers, &Options{Compression: takeover})
	if want := (deflateParams{perFrame: true, serverBits: 9, serverNoTakeover: true}); *d != want {
		t.Errorf("what a client wants of what it gets is %+v, want %+v", *d, want)
	}
}

// frameDeflatePair is a server that has agreed on the older extension, and its client.
func frameDeflatePair(t *testing.T, o Options, d deflateParams) (*Conn, *peer, *autobahn.Zlib) {
	d.perFrame = true
	o.CompressionThreshold = 10
	c, p := deflatePair(t, Server, o, d)
	return c, p, &autobahn.Zlib{DeflateTakeover: !d.clientNoTakeover, InflateTakeover: !d.serverNoTakeover, Window: windowSize(d.serverBits)}
}

// TestFrameDeflate: every frame is compressed or not by itself, in one message too, and later frames
// refer to earlier ones with takeover.
func TestFrameDeflate(t *testing.T) {
	for name, agreed := range map[string]deflateParams{
		"takeover": {}, "without": {serverNoTakeover: true, clientNoTakeover: true}, "window": {serverBits: 9},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, p, z := frameDeflatePair(t, Options{}, agreed)
			ended := echo(c, true)
			for _, parts := range [][]string{{autobahn.Chat(300, 1)}, {"", autobahn.Chat(300, 2), "κόσμ\xce", "\xb5 plain", autobahn.Chat(300, 3), ""}, {autobahn.Chat(300, 1)}} {
				first, whole := byte(0x01), strings.Join(parts, "")
				for i, s := range parts {
					if i == len(parts)-1 {
						first |= bitFin
					}
					if i == 2 {
						p.write(p.fr(first, s), p.fr(0x89, "between"))
						p.want(name+": pong", 0x8a, "between")
					} else {
						p.write(p.fr(first|bitRSV1, z.Deflate(s)))
					}
					first = 0
				}
				f, got, err := p.read()
				if err == nil {
					got, err = z.Inflate(got)
				}
				if f != 0xC1 || err != nil || got != whole {
					t.Fatalf("%s: frame %#x, %d bytes, %v", name, f, len(got), err)
				}
			}
			p.write(p.fr(0x88, closePayload(1000, "")))
			p.wantClose(name+": end", 1000)
			_ = p.nc.Close()
			wantAs[*CloseError](t, <-ended)
		})
	}
}

// TestFrameDeflateRefusals: the limit is that of the message, also when its frames inflate, and what
// is no text or does not inflate ends the connection.
func TestFrameDeflateRefusals(t *testing.T) {
	tests := []struct {
		name string
		say  func(p *peer, z *autobahn.Zlib) [][]byte
		code StatusCode
	}{
		{"a bomb in parts", func(p *peer, z *autobahn.Zlib) [][]byte {
			return [][]byte{p.fr(0x41, z.Deflate(strings.Repeat("x", 600))), p.fr(0x40, z.Deflate(strings.Repeat("x", 401)))}
		}, StatusTooBig},
		{"plain behind compressed", func(p *peer, z *autobahn.Zlib) [][]byte {
			return [][]byte{p.fr(0x41, z.Deflate(strings.Repeat("x", 600))), p.fr(0x00, strings.Repeat("x", 401))}
		}, StatusTooBig},
		{"no text in a part", func(p *peer, z *autobahn.Zlib) [][]byte {
			return [][]byte{p.fr(0x41, z.Deflate("κόσμε\xff"))}
		}, StatusInvalidData},
		{"half a rune at the end", func(p *peer, z *autobahn.Zlib) [][]byte {
			return [][]byte{p.fr(0x41, z.Deflate("κόσμ")), p.fr(0xC0, z.Deflate("\xce"))}
		}, StatusInvalidData},
		{"not deflated", func(p *peer, z *autobahn.Zlib) [][]byte {
			return [][]byte{p.fr(0xC2, "\xff\xff\xff")}
		}, StatusInvalidData},
		{"a compressed ping", func(p *peer, z *autobahn.Zlib) [][]byte {
			return [][]byte{p.fr(0xC9, "")}
		}, StatusProtocolError},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			c, p, z := frameDeflatePair(t, Options{MaxMessage: 1000}, deflateParams{})
			ended := echo(c, true)
			p.write(tt.say(p, z)...)
			p.wantClose(tt.name, tt.code)
			_ = p.nc.Close()
			if err := <-ended; tt.code == StatusInvalidData && tt.name == "not deflated" {
				if e := wantAs[*ProtocolError](t, err); e.Section != frameDeflateDraft {
					t.Errorf("%s: %+v", tt.name, e)
				}
			}
		})
	}
}
