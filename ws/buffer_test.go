package ws

import "testing"

// TestBufferClasses: a large buffer holds what was asked for, at most twice that, and finds its pool again.
func TestBufferClasses(t *testing.T) {
	for _, n := range []int{maxSmall + 1, 2 * maxSmall, 2*maxSmall + 1, 1 << 20, 3<<20 + 5, maxPooled} {
		b := newBuffer()
		b.b = append(b.b, "kept"...)
		b.reserve(n - 4)
		if c := cap(b.b); c < n || c >= 2*n || c != sizeOfClass(classOf(c)) || classOf(c) >= len(largeBuffers) {
			t.Errorf("%d bytes for %d", c, n)
		}
		if string(b.b) != "kept" {
			t.Errorf("%q", b.b)
		}
		b.free()
	}
	b := newBuffer()
	b.reserve(maxPooled + 1) // by append, as it comes
	if cap(b.b) > maxSmall {
		t.Errorf("%d bytes before they came", cap(b.b))
	}
}
