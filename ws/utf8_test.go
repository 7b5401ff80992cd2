package ws

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// firstBad is a plain automaton after table 3-7 of the Unicode standard: the index of the byte that
// makes s no beginning of a valid text, -1 if there is none, and whether s ends with a whole rune.
func firstBad(s string) (bad int, whole bool) {
	need, lo, hi := 0, byte(0x80), byte(0xbf)
	for i := range len(s) {
		c := s[i]
		if need > 0 {
			if c < lo || c > hi {
				return i, false
			}
			need, lo, hi = need-1, 0x80, 0xbf
			continue
		}
		switch {
		case c < 0x80:
		case c >= 0xc2 && c <= 0xdf:
			need = 1
		case c >= 0xe0 && c <= 0xef:
			need = 2
			switch c {
			case 0xe0:
				lo = 0xa0
			case 0xed:
				hi = 0x9f
			}
		case c >= 0xf0 && c <= 0xf4:
			need = 3
			switch c {
			case 0xf0:
				lo = 0x90
			case 0xf4:
				hi = 0x8f
			}
		default:
			return i, false
		}
	}
	return -1, need == 0
}

var texts = []string{
	"", "a", "κόσμε", "Привет, вече! 😀", "\x00\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff", "\ufdd0\ufffe",
	"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited", "\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x88\x80\x80\x80",
	"\x80", "\xbf\xbf", "\xf4\x90\x80\x80", "\xed\xbf\xbf", "\xfe\xff", "abcdefgh\xc3(", "\xf0\x9f\x98", "\xe2\x82", "ok\xd0", "\xc1\xbf",
}

// TestUTF8FailsFast: an error is seen with its first byte, wherever the text is cut.
func TestUTF8FailsFast(t *testing.T) {
	for _, s := range texts {
		checkUTF8(t, s)
	}
}

func checkUTF8(t *testing.T, s string) {
	t.Helper()
	bad, whole := firstBad(s)
	var byByte utf8Checker
	got := -1
	for i := range len(s) {
		if !byByte.check([]byte{s[i]}) {
			got = i
			break
		}
	}
	if got != bad || bad < 0 && byByte.whole() != whole {
		t.Fatalf("%q byte by byte: bad at %d, want %d; whole %v", s, got, bad, byByte.whole())
	}
	for cut := range len(s) + 1 {
		var u utf8Checker
		ok := u.check([]byte(s[:cut])) && u.check([]byte(s[cut:]))
		if ok != (bad < 0) || ok && u.whole() != whole {
			t.Fatalf("%q cut at %d: %v, whole %v", s, cut, ok, u.whole())
		}
		if ok && u.whole() != utf8.ValidString(s) {
			t.Fatalf("%q: unicode/utf8 thinks otherwise", s)
		}
	}
}

func FuzzUTF8(f *testing.F) {
	for _, s := range texts {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = s[:min(len(s), 64)] // every cut of it is tried
		checkUTF8(t, s)
		checkUTF8(t, strings.Repeat("слово", 9)+s) // by vectors
	})
}
