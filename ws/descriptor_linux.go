package ws

import (
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// duplicate returns a second descriptor of the socket, which Go's poller does not know.
func duplicate(raw syscall.RawConn) (fd int, err error) {
	outer := raw.Control(func(of uintptr) {
		fd, err = unix.FcntlInt(of, unix.F_DUPFD_CLOEXEC, 0)
	})
	if outer != nil {
		return -1, outer
	}
	return fd, err
}

// netConn is what NetConn returns for a connection that sits in a loop: a net.Conn with a descriptor
// of its own for the same socket, made when it is asked for; after the end a closed one. end.mu is held.
func (s *seat) netConn() net.Conn {
	if s.beneath != nil || s.fd < 0 {
		return s.beneathOrClosed()
	}
	fd, err := unix.FcntlInt(uintptr(s.fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return s.beneathOrClosed()
	}
	f := os.NewFile(uintptr(fd), "socket")
	defer f.Close()
	if nc, err := net.FileConn(f); err == nil {
		s.beneath = nc
	}
	return s.beneathOrClosed()
}

func (s *seat) beneathOrClosed() net.Conn {
	if s.beneath == nil {
		if _, ok := s.conn.remote.(*net.UnixAddr); ok {
			return new(net.UnixConn)
		}
		return new(net.TCPConn)
	}
	return s.beneath
}

// close closes the descriptor and says that the connection has ended.
func (s *seat) close() {
	s.conn.end.mu.Lock()
	defer s.conn.end.mu.Unlock()
	if s.beneath != nil {
		_ = s.beneath.Close()
	}
	_ = unix.Close(int(s.fd))
	s.fd = -1
	s.conn.end.done.happen()
}
