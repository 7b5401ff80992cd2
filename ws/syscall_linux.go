package ws

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// These call the kernel without telling the scheduler: they never wait, because the socket is
// nonblocking and does not linger, and so they are over before it would have done anything. To tell it
// would also wake the runtime's monitor each time, a thread that costs more than the call.

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

func closeNow(fd int) error { return raw(unix.SYS_CLOSE, uintptr(fd), 0) }

// endNow tells the peer that nothing more comes.
func endNow(fd int) error { return raw(unix.SYS_SHUTDOWN, uintptr(fd), unix.SHUT_WR) }

func raw(call, fd, how uintptr) error {
	if _, _, errno := unix.RawSyscall(call, fd, how, 0); errno != 0 {
		return errno
	}
	return nil
}
