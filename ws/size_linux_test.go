package ws

import (
	"testing"
	"unsafe"
)

// TestConnSize: an idle connection in a loop is a Conn, which fills a size class of the allocator's.
func TestConnSize(t *testing.T) {
	if n := unsafe.Sizeof(Conn{}); n > 256 {
		t.Errorf("a Conn has %d bytes", n)
	}
}
