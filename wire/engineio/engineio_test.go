package engineio_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/wire/engineio"
)

func TestDecode(t *testing.T) {
	for text, want := range map[string]engineio.Packet{
		"2":          {Type: engineio.Ping, Data: []byte{}},
		"2probe":     {Type: engineio.Ping, Data: []byte("probe")},
		"4hello":     {Type: engineio.Message, Data: []byte("hello")},
		"6":          {Type: engineio.Noop, Data: []byte{}},
		"4\u20ac4\"": {Type: engineio.Message, Data: []byte("\u20ac4\"")},
	} {
		got, err := engineio.Decode([]byte(text))
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%q: %v %s", text, err, diff)
		}
		if back := got.Append(nil); string(back) != text {
			t.Errorf("%q becomes %q", text, back)
		}
	}
	for _, text := range []string{"", "7", "abc", "b", "\x1e"} {
		if p, err := engineio.Decode([]byte(text)); err == nil {
			t.Errorf("%q is taken for %v", text, p)
		}
	}
}

// The payload of the protocol's document: a text packet and a binary one.
func TestPayload(t *testing.T) {
	packets, err := engineio.Payload([]byte("4hello\x1ebAQIDBA=="))
	want := []engineio.Packet{
		{Type: engineio.Message, Data: []byte("hello")},
		{Type: engineio.Message, Binary: true, Data: []byte{1, 2, 3, 4}},
	}
	if diff := cmp.Diff(want, packets); err != nil || diff != "" {
		t.Fatal(err, diff)
	}
	var b []byte
	for _, p := range packets {
		m := p.Data
		if !p.Binary {
			m = p.Append(nil)
		}
		b = engineio.AppendPart(b, p.Binary, m)
	}
	if string(b) != "4hello\x1ebAQIDBA==" {
		t.Errorf("it becomes %q", b)
	}
	for _, body := range []string{"", "\x1e", "4a\x1e", "b!", "4a\x1e9", strings.Repeat("\x1e", engineio.MaxPackets)} {
		if _, err := engineio.Payload([]byte(body)); err == nil {
			t.Errorf("%.20q is a payload", body)
		}
	}
}

func TestHandshake(t *testing.T) {
	h := engineio.Handshake{SID: "lv_VI97HAXpY6yYWAAAC", Upgrades: []string{"websocket"}, PingInterval: 25 * time.Second,
		PingTimeout: 20 * time.Second, MaxPayload: 1000000}
	want := `0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":["websocket"],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}`
	if got := string(h.Append(nil)); got != want {
		t.Error(got)
	}
	if got := string(engineio.UnsupportedVersion.Append(nil)); got != `{"code":5,"message":"Unsupported protocol version"}` {
		t.Error(got)
	}
}

// Whatever is a payload becomes the same one again.
func FuzzPayload(f *testing.F) {
	for _, s := range []string{"4hello\x1ebAQIDBA==", "2probe", "b", "4a\x1e4\x1e3", "b!!!", "9"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		packets, err := engineio.Payload(bytes.Clone(body))
		if err != nil {
			return
		}
		var b []byte
		for _, p := range packets {
			if p.Binary {
				b = engineio.AppendPart(b, true, p.Data)
			} else {
				b = engineio.AppendPart(b, false, p.Append(nil))
			}
		}
		again, err := engineio.Payload(b)
		if diff := cmp.Diff(packets, again); err != nil || diff != "" {
			t.Fatalf("%q: %v %s", body, err, diff)
		}
	})
}
