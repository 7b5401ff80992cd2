package ws

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// receiveNow and sendNow call the kernel without telling the scheduler: they never wait, because the
// socket is nonblocking, and so they are over before it would have done anything.

func receiveNow(fd uintptr, b []byte) (int, error) {
	return now(unix.SYS_RECVFROM, fd, b, unix.MSG_DONTWAIT)
}

func sendNow(fd uintptr, b []byte) (int, error) {
	return now(unix.SYS_SENDTO, fd, b, unix.MSG_DONTWAIT|unix.MSG_NOSIGNAL)
}

func now(call, fd uintptr, b []byte, flags uintptr) (int, error) {
	for {
		n, _, errno := unix.RawSyscall6(call, fd, uintptr(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b)), flags, 0, 0)
		switch errno {
		case 0:
			return int(n), nil
		case unix.EINTR:
			continue
		}
		return 0, errno
	}
}
