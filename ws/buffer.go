package ws

import (
	"math/bits"
	"sync"
)

// buffer is a growing piece of memory that returns to a pool, so that only connections with work in
// hand own any.
type buffer struct {
	b      []byte
	shared bool // immutable: it belongs to a Prepared, is never written to and never pooled
}

const (
	newBufferSize = 2 << 10
	maxSmall      = 128 << 10 // up to here all are in one pool
	maxPooled     = 16 << 20  // larger ones go to the garbage collector
)

var buffers = sync.Pool{New: func() any { return &buffer{b: make([]byte, 0, newBufferSize)} }}

// largeBuffers are by their size, a power of two: who needs little never gets much, and a large message
// does not cost the clearing of new memory.
var largeBuffers [8]sync.Pool

func newBuffer() *buffer { return buffers.Get().(*buffer) }

// free gives the buffer back; nothing may refer to its bytes any more. nil is allowed.
func (b *buffer) free() {
	switch {
	case b == nil || b.shared || cap(b.b) > maxPooled:
	case cap(b.b) <= maxSmall:
		b.b = b.b[:0]
		buffers.Put(b)
	case cap(b.b) == sizeOfClass(classOf(cap(b.b))):
		b.b = b.b[:0]
		largeBuffers[classOf(cap(b.b))].Put(b)
	}
}

// classOf is the index in largeBuffers of those that hold n bytes, maxSmall < n ≤ maxPooled.
func classOf(n int) int { return bits.Len((uint(n)-1)/maxSmall) - 1 }

func sizeOfClass(class int) int { return maxSmall << (class + 1) }

// reserve sees to it that n bytes can be appended without another allocation.
func (b *buffer) reserve(n int) {
	if need := len(b.b) + n; need > cap(b.b) && need > maxSmall && need <= maxPooled {
		b.enlarge(classOf(need))
	}
}

// enlarge changes the memory for some of a class.
func (b *buffer) enlarge(class int) {
	large, ok := largeBuffers[class].Get().(*buffer)
	if !ok {
		large = &buffer{b: make([]byte, 0, sizeOfClass(class))}
	}
	large.b = append(large.b, b.b...)
	large.b, b.b = b.b, large.b
	large.free()
}

// add appends p, which may be where it will stay: see parser.room.
func (b *buffer) add(p []byte) {
	n := len(b.b)
	if len(p) > 0 && cap(b.b)-n >= len(p) && &b.b[:n+1][n] == &p[0] {
		b.b = b.b[:n+len(p)]
		return
	}
	b.reserve(len(p))
	b.b = append(b.b, p...)
}

// WriteString appends.
func (b *buffer) WriteString(s string) { b.b = append(b.b, s...) }

// Write appends, for those who want an io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	return len(p), nil
}
