package faultdisk

import (
	"errors"
	"sync"
	"time"
	"unsafe"

	"modernc.org/libc"
	sqlite "modernc.org/sqlite/lib"
)

// Name is the VFS's, for a database's URI: file:PATH?vfs=faultdisk.
const Name = "faultdisk"

// the is the process's only disk: SQLite's table of VFS is the process's too.
var the *Disk

// Attach makes the VFS known to SQLite and returns the disk that it writes to. Later calls return the
// same one.
var Attach = sync.OnceValues(attach)

func attach() (*Disk, error) {
	tls := libc.NewTLS() // lives as long as the process, as does what is allocated with it
	system := sqlite.Xsqlite3_vfs_find(tls, 0)
	if system == 0 {
		return nil, errors.New("faultdisk: SQLite has no VFS")
	}
	name, err := libc.CString(Name)
	if err != nil {
		return nil, err
	}
	the = &Disk{files: map[string]*file{}, open: map[uintptr]*handle{}, room: -1}
	scratch.at, scratch.sector = allocate[sector](tls)
	scratch.sizeAt, scratch.size = allocate[int64](tls)
	address, vfs := allocate[sqlite.Tsqlite3_vfs](tls)
	*vfs = *at[sqlite.Tsqlite3_vfs](system)
	systemOpen = function[openFunc](vfs.FxOpen)
	vfs.FzName, vfs.FpNext = name, 0
	vfs.FxOpen = pointer(openFile)
	if rc := sqlite.Xsqlite3_vfs_register(tls, address, 0); rc != sqlite.SQLITE_OK {
		return nil, errors.New("faultdisk: SQLite refuses the VFS")
	}
	return the, nil
}

// The VFS and each file's table of methods are copies of the system's, with our functions in the
// place of those that touch bytes. They lie in SQLite's memory, because it keeps their addresses.
var (
	systemOpen openFunc
	tables     = map[uintptr]*table{} // by the address of the system's; guarded by Disk.mu
)

// table is how files of a kind are served: with locks, or without.
type table struct {
	ours   uintptr
	system sqlite.Tsqlite3_io_methods
}

func tableOf(tls *libc.TLS, methods uintptr) *table {
	if t := tables[methods]; t != nil {
		return t
	}
	t := &table{system: *at[sqlite.Tsqlite3_io_methods](methods)}
	address, ours := allocate[sqlite.Tsqlite3_io_methods](tls)
	*ours = t.system
	ours.FiVersion = min(ours.FiVersion, 2) // without mapping the file itself
	ours.FxClose = pointer(closeFile)
	ours.FxRead, ours.FxWrite = pointer(readFile), pointer(writeFile)
	ours.FxTruncate, ours.FxSync = pointer(truncateFile), pointer(syncFile)
	ours.FxFileSize = pointer(fileSize)
	t.ours = address
	tables[methods] = t
	return t
}

// allocate makes room for a T, for as long as the process lives.
func allocate[T any](tls *libc.TLS) (uintptr, *T) {
	p := libc.Xcalloc(tls, 1, libc.Tsize_t(unsafe.Sizeof(*new(T))))
	return p, at[T](p)
}

type (
	openFunc  func(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32
	closeFunc func(tls *libc.TLS, file uintptr) int32
	ioFunc    func(tls *libc.TLS, file, buf uintptr, n int32, at int64) int32
	sizeFunc  func(tls *libc.TLS, file, size uintptr) int32
	cutFunc   func(tls *libc.TLS, file uintptr, size int64) int32
	syncFunc  func(tls *libc.TLS, file uintptr, flags int32) int32
)

// pointer is a function as SQLite's tables hold it, and function the reverse.
func pointer[F any](f F) uintptr      { return *(*uintptr)(unsafe.Pointer(&f)) }
func function[F any](p uintptr) (f F) { return *(*F)(unsafe.Pointer(&p)) }

// at is what stands at an address that SQLite gave.
func at[T any](p uintptr) *T            { return *(**T)(unsafe.Pointer(&p)) }
func bytesAt(p uintptr, n int32) []byte { return unsafe.Slice(at[byte](p), n) }

// handle is one open file.
type handle struct {
	tls    *libc.TLS // of the call under way
	at     uintptr   // SQLite's address of it
	system *sqlite.Tsqlite3_io_methods
	file   *file
}

// disk is the file as the system's VFS has it.
func (h *handle) disk() below { return below{read: h.read, write: h.write, size: h.systemSize} }

// scratch is where the system's VFS reads and writes for us: it takes SQLite's memory only.
var scratch struct {
	at     uintptr // of sector
	sector *sector
	sizeAt uintptr
	size   *int64
}

func (h *handle) read(s *sector, from int64) int32 {
	_, rc := h.readInto(scratch.at, sectorSize, from)
	*s = *scratch.sector
	return rc
}

// readInto reads n bytes, and reports how many of them are inside the file.
func (h *handle) readInto(buf uintptr, n int32, from int64) (have int, rc int32) {
	rc = function[ioFunc](h.system.FxRead)(h.tls, h.at, buf, n, from)
	if rc != sqlite.SQLITE_IOERR_SHORT_READ {
		return int(n), rc
	}
	size, rc := h.systemSize()
	return int(min(max(size-from, 0), int64(n))), rc
}

func (h *handle) write(b []byte, to int64) int32 {
	copy(scratch.sector[:], b)
	return function[ioFunc](h.system.FxWrite)(h.tls, h.at, scratch.at, int32(len(b)), to)
}

func (h *handle) systemSize() (size int64, rc int32) {
	rc = function[sizeFunc](h.system.FxFileSize)(h.tls, h.at, scratch.sizeAt)
	return *scratch.size, rc
}

// openFile is SQLite's xOpen. Temporary files, which have no name, are the system's.
func openFile(tls *libc.TLS, vfs, name, file uintptr, flags int32, outFlags uintptr) int32 {
	rc := systemOpen(tls, vfs, name, file, flags, outFlags)
	if rc != sqlite.SQLITE_OK || name == 0 {
		return rc
	}
	d := the
	d.mu.Lock()
	defer d.mu.Unlock()
	f := at[sqlite.Tsqlite3_file](file)
	t := tableOf(tls, f.FpMethods)
	f.FpMethods = t.ours
	d.open[file] = &handle{tls: tls, at: file, system: &t.system, file: d.shared(libc.GoString(name))}
	return rc
}

// shared is what all connections to a path share.
func (d *Disk) shared(path string) *file {
	if d.files[path] == nil {
		d.files[path] = &file{dirty: map[int64]*sector{}}
	}
	return d.files[path]
}

// begin locks the disk for a call.
func (d *Disk) begin(tls *libc.TLS, file uintptr) (h *handle, end func()) {
	d.mu.Lock()
	h = d.open[file]
	h.tls = tls
	return h, d.mu.Unlock
}

func closeFile(tls *libc.TLS, file uintptr) int32 {
	h, end := the.begin(tls, file)
	defer end()
	if !the.off && !the.lies && the.last(h) {
		_ = h.file.sync(h.disk()) // the system would write it some time
	}
	delete(the.open, file)
	return function[closeFunc](h.system.FxClose)(tls, file)
}

// last reports whether nobody else has the file open.
func (d *Disk) last(h *handle) bool {
	for _, other := range d.open {
		if other != h && other.file == h.file {
			return false
		}
	}
	return true
}

func readFile(tls *libc.TLS, file, buf uintptr, n int32, from int64) int32 {
	h, end := the.begin(tls, file)
	defer end()
	b := bytesAt(buf, n)
	have, rc := h.readInto(buf, n, from)
	if rc != sqlite.SQLITE_OK {
		return rc
	}
	if have = h.file.overlay(b, have, from); have < len(b) {
		clear(b[have:])
		return sqlite.SQLITE_IOERR_SHORT_READ
	}
	return sqlite.SQLITE_OK
}

func writeFile(tls *libc.TLS, file, buf uintptr, n int32, to int64) int32 {
	h, end := the.begin(tls, file)
	defer end()
	switch full, rc := the.full(h, to+int64(n)); {
	case rc != sqlite.SQLITE_OK:
		return rc
	case the.off:
		return sqlite.SQLITE_IOERR_WRITE
	case full:
		return sqlite.SQLITE_FULL
	}
	return h.file.write(h.disk(), bytesAt(buf, n), to)
}

// full takes what a file that is to have size bytes grows by from the room that is left, and reports
// whether there is too little.
func (d *Disk) full(h *handle, size int64) (bool, int32) {
	if d.room < 0 {
		return false, 0
	}
	has, rc := h.size()
	if rc != sqlite.SQLITE_OK {
		return false, rc
	}
	grows := max(size-has, 0)
	if grows > d.room {
		return true, 0
	}
	d.room -= grows
	return false, 0
}

// size is the file's with what is unsynced.
func (h *handle) size() (int64, int32) {
	if len(h.file.dirty) > 0 {
		return h.file.size, 0
	}
	return h.disk().size()
}

func truncateFile(tls *libc.TLS, file uintptr, size int64) int32 {
	h, end := the.begin(tls, file)
	defer end()
	if the.off {
		return sqlite.SQLITE_IOERR_TRUNCATE
	}
	h.file.truncate(size)
	return function[cutFunc](h.system.FxTruncate)(tls, file, size)
}

func syncFile(tls *libc.TLS, file uintptr, flags int32) int32 {
	the.mu.Lock()
	delay := the.delay
	the.mu.Unlock()
	time.Sleep(delay)
	h, end := the.begin(tls, file)
	defer end()
	switch {
	case the.off, the.fails:
		return sqlite.SQLITE_IOERR_FSYNC
	case the.lies:
		return sqlite.SQLITE_OK
	}
	if rc := h.file.sync(h.disk()); rc != sqlite.SQLITE_OK {
		return rc
	}
	return function[syncFunc](h.system.FxSync)(tls, file, flags)
}

func fileSize(tls *libc.TLS, file, size uintptr) int32 {
	h, end := the.begin(tls, file)
	defer end()
	n, rc := h.size()
	*at[int64](size) = n
	return rc
}
