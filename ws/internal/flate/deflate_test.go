package flate

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/vechehq/veche/internal/autobahn"
)

func TestDeflate(t *testing.T) {
	for _, s := range samples() {
		for _, dict := range []string{"", "Hello", autobahn.Chat(5000, 9)} {
			for _, bits := range []int{8, 11, 15} {
				z := roundTrip(t, []byte(s), []byte(dict), 1<<bits)
				if len(z) > len(s)+len(s)>>10+10 {
					t.Errorf("%d bytes deflated to %d", len(s), len(z))
				}
			}
		}
	}
}

// TestSizes: what chat takes, alone and behind other chat.
func TestSizes(t *testing.T) {
	for _, tt := range []struct {
		size, dict, most int
	}{{238, 0, 140}, {238, 4 << 10, 60}, {1 << 10, 0, 240}, {64 << 10, 0, 6800}} {
		if z := Deflate(nil, []byte(autobahn.Chat(tt.size, 1)), []byte(autobahn.Chat(tt.dict, 2)), MaxWindow); len(z) > tt.most {
			t.Errorf("%d bytes behind %d take %d, more than %d", tt.size, tt.dict, len(z), tt.most)
		}
	}
}

// roundTrip deflates and inflates, by the standard library too.
func roundTrip(t *testing.T, s, dict []byte, window int) []byte {
	t.Helper()
	dict = dict[max(0, len(dict)-window):]
	z, ok := bytes.CutPrefix(Deflate([]byte("before"), s, dict, window), []byte("before"))
	if !ok {
		t.Fatal("what was in out is gone")
	}
	whole := append(bytes.Clone(z), tail...)
	if got, err := inflated(whole, dict, len(s)); err != nil || !bytes.Equal(got, s) {
		t.Fatalf("%d bytes, window %d: the standard library has %d bytes, %v", len(s), window, len(got), err)
	}
	if got, err := Inflate(nil, whole, dict, len(s)); err != nil || !bytes.Equal(got, s) {
		t.Fatalf("%d bytes, window %d: %d bytes, %v", len(s), window, len(got), err)
	}
	var m matcher
	for at := 0; at < len(s); {
		at = m.match(s, at, window)
		for _, x := range m.tokens[:m.n] {
			if x&isMatch != 0 && x.dist() >= window {
				t.Fatalf("%d bytes: a match reaches back %d bytes in a window of %d", len(s), x.dist()+1, window)
			}
		}
	}
	return z
}

// FuzzDeflate: what is deflated inflates, here and with the standard library, and keeps to its window.
func FuzzDeflate(f *testing.F) {
	for i, s := range samples() {
		f.Add([]byte(s[:min(len(s), 3000)]), []byte(autobahn.Chat(i*100, 3)), byte(i))
	}
	f.Fuzz(func(t *testing.T, s, dict []byte, bits byte) {
		roundTrip(t, s, dict, 1<<(8+bits%8))
	})
}

func BenchmarkDeflate(b *testing.B) {
	for _, size := range []int{238, 1 << 10, 64 << 10} {
		for _, behind := range []int{0, 4 << 10} {
			b.Run(fmt.Sprintf("%d behind %d", size, behind), func(b *testing.B) {
				s, dict := []byte(autobahn.Chat(size, 1)), []byte(autobahn.Chat(behind, 2))
				out := make([]byte, 0, size)
				b.SetBytes(int64(size))
				b.ReportAllocs()
				for b.Loop() {
					out = Deflate(out[:0], s, dict, MaxWindow)
				}
				b.ReportMetric(float64(len(out))/float64(size), "ratio")
			})
		}
	}
}
