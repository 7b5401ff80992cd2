package simd

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// edges are where a text may lie against the blocks of 32 and the strides of 128 bytes.
var edges = []int{0, 29, 30, 31, 32, 61, 62, 63, 93, 94, 95, 125, 126, 127, 128, 130}

// judge holds ValidUTF8 to utf8.Valid, with what at each of the edges between ASCII and between Russian.
func judge(t *testing.T, what []byte) {
	t.Helper()
	for _, around := range []string{"x", "щ"} {
		for _, before := range edges {
			for _, after := range []int{0, 1, 40, 140} {
				b := fill(around, before)
				b = append(append(b, what...), fill(around, after)...)
				if got, want := ValidUTF8(b), utf8.Valid(b); got != want {
					t.Fatalf("%x after %d and before %d of %q: %v", what, before, after, around, got)
				}
			}
		}
	}
}

// fill returns n bytes of a valid text.
func fill(with string, n int) []byte {
	return append([]byte(strings.Repeat("x", n%len(with))), strings.Repeat(with, n/len(with))...)
}

// Every pair of bytes, alone and with what may follow.
func TestEveryPair(t *testing.T) {
	b := make([]byte, 160)
	for _, tail := range []string{"", "\x80", "\x80\x80", "\xbf\xbf\xbf"} {
		for _, at := range []int{31, 62, 127} {
			copy(b, fill("x", len(b)))
			copy(b[at+2:], tail)
			for pair := range 1 << 16 {
				binary.BigEndian.PutUint16(b[at:], uint16(pair))
				if ValidUTF8(b) != utf8.Valid(b) {
					t.Fatalf("%04x%x at %d: utf8.Valid says %v", pair, tail, at, utf8.Valid(b))
				}
			}
		}
	}
}

// Every rune there is, and the first and last of what is none.
func TestEveryRune(t *testing.T) {
	var all []byte
	for r := range rune(utf8.MaxRune + 1) {
		if utf8.ValidRune(r) {
			all = utf8.AppendRune(all, r)
		}
	}
	if !ValidUTF8(all) {
		t.Error("refused")
	}
	for _, s := range []string{"\xed\xa0\x80", "\xed\xbf\xbf", "\xf4\x90\x80\x80", "\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf"} {
		judge(t, []byte(s))
	}
}

func FuzzValidUTF8(f *testing.F) {
	for _, s := range []string{"", "вече", "\xd0", "\xe2\x82", "\xf0\x9f\x98", "😀", "\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", strings.Repeat("каждый слышен. ", 20)} {
		f.Add([]byte(s))
	}
	f.Fuzz(judge)
}

func TestMask(t *testing.T) {
	for n := range 300 {
		checkMask(t, 0xff030201, fill("щ", n))
	}
}

func checkMask(t *testing.T, key uint32, plain []byte) {
	t.Helper()
	for cut := 0; cut <= len(plain); cut += 1 + len(plain)/9 {
		b := bytes.Clone(plain)
		Mask(Mask(key, b[:cut]), b[cut:])
		for i := range b {
			if b[i] != plain[i]^byte(key>>(i%4*8)) {
				t.Fatalf("%d bytes cut at %d: byte %d", len(b), cut, i)
			}
		}
	}
}

func FuzzMask(f *testing.F) {
	f.Add(uint32(0xff030201), fill("щ", 259))
	f.Fuzz(checkMask)
}

var texts = []struct{ name, is string }{
	{"ascii", strings.Repeat("At a veche everyone is heard. ", 3000)},
	{"russian", strings.Repeat("На вече слышен каждый. ", 3000)},
}

var sizes = []int{100, 200, 1 << 10, 64 << 10}

// BenchmarkValidUTF8 is what a text costs beside the kernel's copies: here, and by unicode/utf8.
func BenchmarkValidUTF8(b *testing.B) {
	for _, text := range texts {
		for _, n := range sizes {
			s := []byte(strings.ToValidUTF8(text.is[:n], "x"))
			compare(b, fmt.Sprint(text.name, "/", n), n, func() { utf8.Valid(s) }, func() { ValidUTF8(s) })
		}
	}
}

func BenchmarkMask(b *testing.B) {
	for _, n := range sizes {
		s := make([]byte, n)
		compare(b, fmt.Sprint(n), n, func() { maskWords(0xff030201, s) }, func() { Mask(0xff030201, s) })
	}
}

func compare(b *testing.B, name string, n int, plain, vector func()) {
	for way, f := range map[string]func(){"go": plain, "simd": vector} {
		b.Run(name+"/"+way, func(b *testing.B) {
			b.SetBytes(int64(n))
			for b.Loop() {
				f()
			}
		})
	}
}
