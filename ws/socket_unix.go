//go:build unix

package ws

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// socket is a plain socket, used without the net package's buffers and deadlines: one that waits for
// bytes holds no buffer, and a send takes what fits and never waits.
type socket struct {
	raw syscall.RawConn

	// the reader's
	buf  *readBuffer
	n    int
	err  error
	recv func(fd uintptr) bool // tryReceive, kept so that a read allocates nothing

	// the writer's, who has out.turn
	out     []byte
	outN    int
	outErr  error
	trySend func(fd uintptr) // kept for the same reason
}

// plainSocket returns nil if nc is not a plain socket.
func plainSocket(nc net.Conn) *socket {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
	default:
		return nil
	}
	raw, err := nc.(syscall.Conn).SyscallConn()
	if err != nil {
		return nil
	}
	return newSocket(raw)
}

func newSocket(raw syscall.RawConn) *socket {
	s := &socket{raw: raw}
	s.recv = s.tryReceive
	s.trySend = func(fd uintptr) { s.outN, s.outErr = sendNow(fd, s.out) }
	return s
}

// readBuffer is what one receive takes.
type readBuffer [16 << 10]byte

var readBuffers = sync.Pool{New: func() any { return new(readBuffer) }}

func (b *readBuffer) free() {
	if b != nil {
		readBuffers.Put(b)
	}
}

// receive waits for bytes. The buffer that they are in is the caller's to free.
func (s *socket) receive() (*readBuffer, []byte, error) {
	s.buf, s.n, s.err = nil, 0, nil
	err := s.raw.Read(s.recv)
	if err == nil {
		err = s.err
	}
	b := s.buf
	s.buf = nil
	if err != nil {
		b.free()
		return nil, nil, err
	}
	return b, b[:s.n], nil
}

// tryReceive reads once; it reports false if there is nothing to read yet.
func (s *socket) tryReceive(fd uintptr) bool {
	b := readBuffers.Get().(*readBuffer)
	n, err := receiveNow(fd, b[:])
	switch {
	case err == unix.EAGAIN:
		b.free()
		return false
	case err != nil:
		s.err = os.NewSyscallError("read", err)
	case n == 0:
		s.err = io.EOF
	}
	s.buf, s.n = b, n
	return true
}

// send writes what the socket takes at once, which may be nothing.
func (s *socket) send(b []byte) (n int, err error) {
	s.out = b
	err = s.raw.Control(s.trySend)
	s.out = nil
	switch {
	case err != nil:
		return 0, err
	case s.outErr == unix.EAGAIN:
		return 0, nil
	case s.outErr != nil:
		return 0, os.NewSyscallError("write", s.outErr)
	}
	return s.outN, nil
}
