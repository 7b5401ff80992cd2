package ws

import "sync"

// buffer is a growing piece of memory that returns to a pool, so that only connections with work in
// hand own any.
type buffer struct {
	b      []byte
	shared bool // immutable: it belongs to a Prepared, is never written to and never pooled
}

const (
	newBufferSize = 2 << 10
	maxPooled     = 128 << 10 // larger ones go to the garbage collector
)

var buffers = sync.Pool{New: func() any { return &buffer{b: make([]byte, 0, newBufferSize)} }}

func newBuffer() *buffer { return buffers.Get().(*buffer) }

// free gives the buffer back; nothing may refer to its bytes any more. nil is allowed.
func (b *buffer) free() {
	if b == nil || b.shared || cap(b.b) > maxPooled {
		return
	}
	b.b = b.b[:0]
	buffers.Put(b)
}

// WriteString appends.
func (b *buffer) WriteString(s string) { b.b = append(b.b, s...) }

// Write appends, for those who want an io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.b = append(b.b, p...)
	return len(p), nil
}
