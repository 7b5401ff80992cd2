package flate

import (
	"bytes"
	stdflate "compress/flate"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/vechehq/veche/internal/autobahn"
)

const tail = "\x00\x00\xff\xff"

// deflated compresses with the standard library, with the bytes at the end that are not sent.
func deflated(level int, s string, dict []byte) []byte {
	var b bytes.Buffer
	w, _ := stdflate.NewWriterDict(&b, level, dict)
	_, _ = w.Write([]byte(s))
	_ = w.Flush()
	return b.Bytes()
}

// inflated is Inflate by the standard library. That wants a final block: one of two kinds is put behind
// src, and a src that takes in a part of it as its own gives two results.
func inflated(src, dict []byte, max int) ([]byte, error) {
	out, err := inflatedWith([]byte{1, 0, 0, 0xff, 0xff}, src, dict, max)
	if err != nil {
		return nil, err
	}
	other, err := inflatedWith([]byte{3, 0}, src, dict, max)
	if err != nil || !bytes.Equal(other, out) {
		return nil, ErrCorrupt
	}
	return out, nil
}

func inflatedWith(end, src, dict []byte, max int) ([]byte, error) {
	var out []byte
	r := bytes.NewReader(append(bytes.Clone(src), end...))
	for {
		b, err := io.ReadAll(io.LimitReader(stdflate.NewReaderDict(r, append(bytes.Clone(dict), out...)), int64(max-len(out)+1)))
		out = append(out, b...)
		if err != nil {
			return nil, err
		}
		if len(out) > max {
			return nil, ErrTooBig
		}
		if left := r.Len(); left == 0 || left == len(end) || left == len(end)+len(tail) {
			return out, nil
		}
	}
}

func samples() (list []string) {
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 5000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	few := make([]byte, 40000)
	for i := range few {
		few[i] = byte(r.IntN(40))
	}
	skewed := make([]byte, 70000)
	for i := range skewed {
		skewed[i] = byte(r.ExpFloat64() * 20)
	}
	list = []string{"", "a", "Hello", strings.Repeat("a", 1000), strings.Repeat("ab", 70000), string(noise), string(few), string(skewed)}
	for _, n := range []int{20, 238, 1 << 10, 40 << 10, 300 << 10} {
		list = append(list, autobahn.Chat(n, uint64(n)))
	}
	return list
}

func TestInflate(t *testing.T) {
	for i, s := range samples() {
		for _, level := range []int{-2, 0, 1, 6, 9} {
			for _, dict := range []string{"", "Hello", autobahn.Chat(5000, 9)} {
				src := deflated(level, s, []byte(dict))
				if back, _ := inflated(src, []byte(dict), len(s)); string(back) != s {
					continue // the standard library takes the dictionary for a part of noise
				}
				got, err := Inflate(make([]byte, 0, i*300), src, []byte(dict), len(s))
				if err != nil || string(got) != s {
					t.Fatalf("sample %d (%d bytes), level %d: %d bytes, %v", i, len(s), level, len(got), err)
				}
				if cap(got) > max(2*uncounted, len(s)) {
					t.Fatalf("%d bytes for %d", cap(got), len(s))
				}
			}
			if s == "" {
				continue
			}
			if _, err := Inflate(nil, deflated(level, s, nil), nil, len(s)-1); err != ErrTooBig {
				t.Fatalf("sample %d, level %d: %v", i, level, err)
			}
		}
	}
}

// FuzzInflate: what the standard library takes, and nothing else, inflates to the same.
func FuzzInflate(f *testing.F) {
	for i, s := range samples() {
		if len(s) < 6000 {
			for _, level := range []int{0, 1, 9, -2} {
				f.Add(bytes.TrimSuffix(deflated(level, s, nil), []byte(tail)), []byte("dict"), uint16(i*100))
			}
		}
	}
	f.Fuzz(func(t *testing.T, src, dict []byte, room uint16) {
		const max = 1 << 20
		src = append(bytes.Clone(src), tail...)
		want, wrong := inflated(src, dict, max)
		got, err := Inflate(make([]byte, 0, room), src, dict, max)
		if (err == nil) != (wrong == nil) || !bytes.Equal(got, want) {
			t.Fatalf("%d bytes, %v; the standard library has %d bytes, %v", len(got), err, len(want), wrong)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	for _, n := range []int{1 << 10, 64 << 10} {
		b.Run(sizeName(n), func(b *testing.B) {
			src := deflated(6, autobahn.Chat(n, 1), nil)
			buf := make([]byte, 0, n)
			b.SetBytes(int64(n))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Inflate(buf, src, nil, n); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("std"+sizeName(n), func(b *testing.B) {
			src := append(deflated(6, autobahn.Chat(n, 1), nil), 1, 0, 0, 0xff, 0xff)
			br := bytes.NewReader(src)
			r := stdflate.NewReader(br)
			buf := make([]byte, n+1)
			b.SetBytes(int64(n))
			for b.Loop() {
				br.Reset(src)
				_ = r.(stdflate.Resetter).Reset(br, nil)
				_, _ = io.ReadFull(r, buf)
			}
		})
	}
}

func sizeName(n int) string { return fmt.Sprint(n) }
