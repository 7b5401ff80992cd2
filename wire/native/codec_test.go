package native

import (
	"bytes"
	"encoding/json"
	"testing"
	"unicode/utf8"
)

// What was decoded and encoded decodes to the same; encoding it again changes nothing.
func FuzzDecode(f *testing.F) {
	for _, v := range readVectors[requestVector](f, "requests.json") {
		f.Add(v.text())
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := Decode(text)
		if err != nil {
			return
		}
		if !json.Valid(text) {
			t.Fatalf("took what is no JSON: %q", text)
		}
		once := r.Append(nil)
		again, err := Decode(once)
		if err != nil {
			t.Fatalf("%q was encoded as %q: %v", text, once, err)
		}
		if twice := again.Append(nil); !bytes.Equal(once, twice) {
			t.Fatalf("%q became %q, then %q", text, once, twice)
		}
	})
}

// A string comes back as the JSON package of the standard library reads it.
func FuzzAppendString(f *testing.F) {
	f.Add("plain")
	f.Add("\x00\x1f\"\\\u2028ж😀\xff\xed\xa0\x80")
	f.Fuzz(func(t *testing.T, s string) {
		quoted := appendString(nil, s)
		if !utf8.Valid(quoted) {
			t.Fatalf("%q is not UTF-8", quoted)
		}
		var got string
		if err := json.Unmarshal(quoted, &got); err != nil {
			t.Fatal(err)
		}
		if want := string([]rune(s)); got != want {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

func TestDecodeKeepsNothing(t *testing.T) {
	wire := []byte(`{"type":"send","id":"i","room":"r","cid":"c","kind":"k","body":{"a": "b"}}`)
	r, err := Decode(wire)
	if err != nil {
		t.Fatal(err)
	}
	want := string(r.Append(nil))
	clear(wire)
	if got := string(r.Append(nil)); got != want {
		t.Errorf("the request changed with its text: %s", got)
	}
}

func TestForeign(t *testing.T) {
	for text, foreign := range map[string]bool{
		``: true, `1`: true, `[]`: true, `{}`: true, `{"id":1}`: true, `{"type":null}`: true,
		`{"type":"dance"}`: false, `{"type":5}`: false, `{"type":"join"}`: false,
	} {
		_, err := Decode([]byte(text))
		if e, ok := err.(*DecodeError); !ok || e.Foreign != foreign {
			t.Errorf("%s: %#v, want foreign %v", text, err, foreign)
		}
	}
}

func TestParseJoin(t *testing.T) {
	for _, c := range []struct{ room, since, epoch, want string }{
		{"general", "", "", `{"type":"join","room":"general"}`},
		{"вече", "-20", "k", `{"type":"join","room":"вече","since":-20,"epoch":"k"}`},
		{"a", "0", "", `{"type":"join","room":"a","since":0}`},
		{"", "", "", ""},
		{"a", "x", "", ""},
		{"a", "1.0", "", ""},
		{"a", "9007199254740992", "", ""},
		{"a\xff", "", "", ""},
		{"a\n", "", "", ""},
	} {
		j, err := ParseJoin(c.room, c.since, c.epoch)
		if c.want == "" {
			if err == nil {
				t.Errorf("%q since %q: not refused", c.room, c.since)
			}
			continue
		}
		if err != nil {
			t.Errorf("%q since %q: %v", c.room, c.since, err)
		} else if got := string(j.Append(nil)); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}

func BenchmarkDecodeSend(b *testing.B) {
	wire := []byte(`{"type":"send","id":12,"room":"general","cid":"d1-77","body":{"text":"what a fine day, isn't it?"}}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(wire); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendMessage(b *testing.B) {
	m := events["message, object"]
	buf := make([]byte, 0, 512)
	b.ReportAllocs()
	for b.Loop() {
		buf = m.Append(buf[:0])
	}
}
