package native

import (
	"bytes"
	"testing"
)

type eventVector struct{ Name, Wire string }

// What the server writes is read back whole: written again it is the same text.
func TestDecodeEvent(t *testing.T) {
	for _, v := range readVectors[eventVector](t, "events.json") {
		e, err := DecodeEvent([]byte(v.Wire))
		if err != nil || e == nil {
			t.Errorf("%s: %v, %v", v.Name, e, err)
			continue
		}
		if got := string(e.Append(nil)); got != v.Wire {
			t.Errorf("%s:\n got %s\nwant %s", v.Name, got, v.Wire)
		}
	}
}

func TestDecodeEventRefuses(t *testing.T) {
	for _, text := range []string{``, `[]`, `{}`, `{"type":7}`, `{"type":"welcome"}`, `{"type":"gap","room":"r","to":3}`,
		`{"type":"message","seq":-1}`} {
		if e, err := DecodeEvent([]byte(text)); err == nil {
			t.Errorf("%s: %v", text, e)
		}
	}
	if e, err := DecodeEvent([]byte(`{"type":"of tomorrow"}`)); e != nil || err != nil {
		t.Errorf("an unknown type: %v, %v", e, err)
	}
}

// What was decoded and encoded decodes to the same; encoding it again changes nothing.
func FuzzDecodeEvent(f *testing.F) {
	for _, v := range readVectors[eventVector](f, "events.json") {
		f.Add([]byte(v.Wire))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := DecodeEvent(text)
		if err != nil || e == nil {
			return
		}
		once := e.Append(nil)
		again, err := DecodeEvent(once)
		if err != nil {
			t.Fatalf("%q was encoded as %q: %v", text, once, err)
		}
		if twice := again.Append(nil); !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, then %q", text, once, twice)
		}
	})
}
