package faultdisk

import (
	"maps"
	"math/rand/v2"
	"slices"
)

// sectorSize is what a disk writes as a whole or not at all.
const sectorSize = 512

type sector [sectorSize]byte

// below is the file as the disk has it.
type below struct {
	read  func(s *sector, at int64) int32 // zeros behind the end of the file
	write func(b []byte, at int64) int32  // at most a sector
	size  func() (int64, int32)
}

// file is what was written to a file and not synced. All connections to it share one; Disk.mu guards it.
type file struct {
	dirty map[int64]*sector // by number
	size  int64             // of the file with them, while there are any
}

// write keeps b. Sectors that it covers in part begin with what the disk has.
func (f *file) write(disk below, b []byte, at int64) int32 {
	end := at + int64(len(b))
	if len(f.dirty) == 0 {
		size, err := disk.size()
		if err != 0 {
			return err
		}
		f.size = size
	}
	for len(b) > 0 {
		n, from := at/sectorSize, at%sectorSize
		s := f.dirty[n]
		if s == nil {
			s = new(sector)
			if err := disk.read(s, n*sectorSize); err != 0 {
				return err
			}
			f.dirty[n] = s
		}
		moved := copy(s[from:], b)
		b, at = b[moved:], at+int64(moved)
	}
	f.size = max(f.size, end)
	return 0
}

// overlay puts what is unsynced over b, which holds what the disk has from at on, n bytes of it.
// It returns how much of b is inside the file.
func (f *file) overlay(b []byte, n int, at int64) int {
	if len(f.dirty) == 0 {
		return n
	}
	clear(b[n:])
	for i := at / sectorSize; i*sectorSize < at+int64(len(b)); i++ {
		s := f.dirty[i]
		if s == nil {
			continue
		}
		if skip := at - i*sectorSize; skip > 0 {
			copy(b, s[skip:])
		} else {
			copy(b[-skip:], s[:])
		}
	}
	return int(min(max(f.size-at, 0), int64(len(b))))
}

// sync writes everything to the disk.
func (f *file) sync(disk below) int32 {
	return f.flush(disk, slices.Sorted(maps.Keys(f.dirty)))
}

// tear writes a random part of the sectors, as a disk might have by now.
func (f *file) tear(disk below, r *rand.Rand) {
	all := slices.Sorted(maps.Keys(f.dirty))
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	_ = f.flush(disk, all[:r.IntN(len(all)+1)])
}

func (f *file) flush(disk below, numbers []int64) int32 {
	for _, n := range numbers {
		s := f.dirty[n]
		if err := disk.write(s[:min(sectorSize, f.size-n*sectorSize)], n*sectorSize); err != 0 {
			return err
		}
		delete(f.dirty, n)
	}
	return 0
}

// truncate drops what lies behind size.
func (f *file) truncate(size int64) {
	for n, s := range f.dirty {
		if keep := size - n*sectorSize; keep <= 0 {
			delete(f.dirty, n)
		} else if keep < sectorSize {
			clear(s[keep:])
		}
	}
	f.size = min(f.size, size)
}
