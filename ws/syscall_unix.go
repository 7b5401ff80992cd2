//go:build unix && !linux

package ws

import "golang.org/x/sys/unix"

func receiveNow(fd uintptr, b []byte) (int, error) { return ignoringEINTR(unix.Read, int(fd), b) }

func sendNow(fd uintptr, b []byte) (int, error) { return ignoringEINTR(unix.Write, int(fd), b) }

func ignoringEINTR(call func(int, []byte) (int, error), fd int, b []byte) (int, error) {
	for {
		n, err := call(fd, b)
		if err != unix.EINTR {
			return max(n, 0), err
		}
	}
}
