package faultdisk

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// memory is a disk.
type memory struct{ b []byte }

func (m *memory) below() below {
	return below{
		read: func(s *sector, at int64) int32 {
			m.readAt(s[:], at)
			return 0
		},
		write: func(b []byte, at int64) int32 {
			if end := int(at) + len(b); end > len(m.b) {
				m.b = append(m.b, make([]byte, end-len(m.b))...)
			}
			copy(m.b[at:], b)
			return 0
		},
		size: func() (int64, int32) { return int64(len(m.b)), 0 },
	}
}

func (m *memory) readAt(b []byte, at int64) (n int) {
	if at < int64(len(m.b)) {
		n = copy(b, m.b[at:])
	}
	clear(b[n:])
	return n
}

// Whatever is written, truncated and synced, what is read is what a plain file would hold, and what is
// on the disk after a sync too.
func TestFileIsAFile(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var disk, plain memory
		f := &file{dirty: map[int64]*sector{}}
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			at := rapid.Int64Range(0, 4*sectorSize).Draw(t, "at")
			switch rapid.IntRange(0, 4).Draw(t, "what") {
			case 0:
				f.sync(disk.below())
				if !bytes.Equal(disk.b, plain.b) {
					t.Fatalf("after a sync the disk has %d bytes, want %d", len(disk.b), len(plain.b))
				}
			case 1:
				at = min(at, int64(len(plain.b)))
				f.truncate(at)
				plain.b = plain.b[:at]
				disk.b = append(disk.b, make([]byte, at)...)[:at]
			default:
				b := rapid.SliceOfN(rapid.Byte(), 1, 3*sectorSize).Draw(t, "bytes")
				f.write(disk.below(), b, at)
				plain.below().write(b, at)
			}
			got, want := make([]byte, 2000), make([]byte, 2000)
			n := f.overlay(got, disk.readAt(got, at), at)
			wantN := plain.readAt(want, at)
			if n != wantN || !bytes.Equal(got[:n], want[:wantN]) {
				t.Fatalf("read %d bytes at %d, want %d, or others", n, at, wantN)
			}
		}
	})
}
