package flate

import (
	"bytes"
	stdflate "compress/flate"
	"testing"

	kp "github.com/klauspost/compress/flate"
	"github.com/vechehq/veche/internal/autobahn"
)

func TestDeflate(t *testing.T) {
	for i, s := range samples() {
		for _, dict := range []string{"", "Hello", autobahn.Chat(5000, 9)} {
			for bits := 8; bits <= 15; bits++ {
				window := 1 << bits
				dict := dict[max(0, len(dict)-window):]
				z := Deflate([]byte("before"), []byte(s), []byte(dict), window)
				z, _ = bytes.CutPrefix(z, []byte("before"))
				if len(z) > len(s)+len(s)>>10+10 {
					t.Errorf("sample %d (%d bytes): deflated to %d", i, len(s), len(z))
				}
				got, err := inflated(append(bytes.Clone(z), tail...), []byte(dict), len(s))
				if err != nil || string(got) != s {
					t.Fatalf("sample %d (%d bytes), window %d: %d bytes, %v", i, len(s), window, len(got), err)
				}
			}
		}
	}
}

func BenchmarkDeflate(b *testing.B) {
	for _, n := range []int{238, 1 << 10, 64 << 10} {
		for _, dict := range []int{0, 4 << 10} {
			s := []byte(autobahn.Chat(n, 1))
			d := []byte(autobahn.Chat(dict, 2))
			b.Run(sizeName(n)+sizeName(dict), func(b *testing.B) {
				buf := make([]byte, 0, 2*n)
				b.SetBytes(int64(n))
				b.ReportAllocs()
				for b.Loop() {
					buf = Deflate(buf[:0], s, d, MaxWindow)
				}
				b.ReportMetric(float64(len(buf)), "bytes")
			})
			b.Run(sizeName(n)+sizeName(dict)+"kp", func(b *testing.B) {
				var buf bytes.Buffer
				w, _ := kp.NewWriter(nil, 1)
				b.SetBytes(int64(n))
				for b.Loop() {
					buf.Reset()
					if len(d) > 0 {
						kp.StatelessDeflate(&buf, s, false, d)
						continue
					}
					w.Reset(&buf)
					w.Write(s)
					w.Flush()
				}
				b.ReportMetric(float64(buf.Len())-4, "bytes")
			})
		}
	}
}

var _ = stdflate.NewReader
