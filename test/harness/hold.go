// A port that stays one's own.

package harness

import (
	"fmt"
	"syscall"
	"testing"
)

// hold returns an address of loopback, host:port, whose port nobody else is given until the test ends, also while
// the server that listens on it is down: neither a listener that takes any port nor a connection that goes
// out. The port is bound by us and not listened on, which lets everybody with SO_REUSEADDR listen who names
// it, as Go's and Node's servers do.
func hold(t testing.TB) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Close(fd) })
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	bound, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint("127.0.0.1:", bound.(*syscall.SockaddrInet4).Port)
}
