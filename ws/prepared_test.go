package ws

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vechehq/veche/internal/autobahn"
)

// TestPrepared: one message to connections of every kind; each peer reads the same.
func TestPrepared(t *testing.T) {
	text := autobahn.Chat(1000, 1)
	prepared := NewPrepared(Text, []byte(text))
	kinds := map[string]struct {
		side   Side
		agreed *deflateParams
	}{
		"plain server":    {Server, nil},
		"client":          {Client, nil},
		"no takeover":     {Server, &deflateParams{serverNoTakeover: true}},
		"takeover":        {Server, &deflateParams{}},
		"limited window":  {Server, &deflateParams{serverBits: 9}},
		"client takeover": {Client, &deflateParams{}},
	}
	for name, k := range kinds {
		synctest.Test(t, func(t *testing.T) {
			var c *Conn
			var p *peer
			z := &autobahn.Zlib{}
			if k.agreed == nil {
				c, p = memPair(t, k.side, Options{})
			} else {
				c, p = deflatePair(t, k.side, Options{}, *k.agreed)
				z.InflateTakeover = !k.agreed.serverNoTakeover
			}
			// A message of its own before and after: the windows of both sides stay together.
			for i, want := range []string{text[:300], text, text, text[200:600], "short"} {
				send := func() error { return c.Send(Text, []byte(want)) }
				if want == text {
					send = func() error { return c.SendPrepared(prepared) }
				}
				if err := send(); err != nil {
					t.Fatal(err)
				}
				first, got, err := p.read()
				if err == nil && first == 0xC1 {
					got, err = z.Inflate(got)
				}
				if err != nil || got != want {
					t.Fatalf("%s, message %d: frame %#x, %.50q, %v", name, i, first, got, err)
				}
				if compressed := first == 0xC1; compressed != (k.agreed != nil && len(want) >= c.out.deflate.threshold) {
					t.Errorf("%s, message %d of %d bytes: compressed %v", name, i, len(want), compressed)
				}
			}
		})
	}
}

func TestPreparedIsACopy(t *testing.T) {
	data := []byte("before")
	p := NewPrepared(Binary, data)
	copy(data, "after!")
	if string(p.payload) != "before" || string(p.plain.b) != "\x82\x06before" {
		t.Errorf("%q", p.plain.b)
	}
	if p := NewPrepared(Binary, []byte(strings.Repeat("x", 600))); p.compressed() == nil {
		t.Error("not compressed")
	}
}
