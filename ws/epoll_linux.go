package ws

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// epoll is a set of descriptors whose readiness is told once per change (edge-triggered). Waiting for
// it blocks no thread and no processor: its own descriptor is registered with Go's poller, as a
// socket's would be.
//
// All but interrupt belongs to the loop's goroutine.
type epoll struct {
	fd   int
	file *os.File        // the same descriptor, as Go's poller knows it
	raw  syscall.RawConn // file's
	poll func(fd uintptr) bool

	events [128]unix.EpollEvent
	n      int // how many of events are filled
	looks  int // how often the last wait has looked: more than once if it had to wait
}

// interest: EPOLLOUT is there from the beginning, because changing it would cost a call each time.
const interest = unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLRDHUP | unix.EPOLLET

func newEpoll() (*epoll, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("epoll_create1", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil { // else os.File would not use the poller
		_ = unix.Close(fd)
		return nil, os.NewSyscallError("fcntl", err)
	}
	e := &epoll{fd: fd, file: os.NewFile(uintptr(fd), "epoll")}
	if e.raw, err = e.file.SyscallConn(); err == nil {
		err = e.file.SetReadDeadline(time.Time{})
	}
	if err != nil {
		_ = e.file.Close()
		return nil, err
	}
	e.poll = func(uintptr) bool {
		e.looks++
		return e.look() > 0
	}
	return e, nil
}

// add registers a descriptor. Its events carry id and generation. Closing it ends that.
func (e *epoll) add(fd int, id, generation int32) error {
	ev := unix.EpollEvent{Events: interest, Fd: id, Pad: generation}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(e.fd, unix.EPOLL_CTL_ADD, fd, &ev))
}

// watch is add for who only waits for bytes. Its events carry id.
func (e *epoll) watch(fd int, id int32) error {
	ev := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLRDHUP | unix.EPOLLET, Fd: id}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(e.fd, unix.EPOLL_CTL_ADD, fd, &ev))
}

// watchBoth is for who is watched, and now waits for room to send too.
func (e *epoll) watchBoth(fd int, id int32) error {
	ev := unix.EpollEvent{Events: interest, Fd: id}
	return os.NewSyscallError("epoll_ctl", unix.EpollCtl(e.fd, unix.EPOLL_CTL_MOD, fd, &ev))
}

// remove ends watch without closing the descriptor.
func (e *epoll) remove(fd int) { _ = unix.EpollCtl(e.fd, unix.EPOLL_CTL_DEL, fd, nil) }

// look fills events with what is ready now.
func (e *epoll) look() int {
	n, _, errno := unix.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(e.fd),
		uintptr(unsafe.Pointer(&e.events)), uintptr(len(e.events)), 0, 0, 0)
	e.n = 0
	if errno == 0 {
		e.n = int(n)
	}
	return e.n
}

// wait is look, but waits until something is ready, the deadline has passed or interrupt is called. It
// reports false after the latter two, and then the deadline is to be set anew.
func (e *epoll) wait() bool {
	e.looks = 0
	return e.raw.Read(e.poll) == nil
}

// deadline bounds the next waits; zero means none.
func (e *epoll) deadline(at time.Time) { _ = e.file.SetReadDeadline(at) }

// interrupt ends the wait that is under way, or the next one. It makes no system call by itself. Any
// goroutine may call it.
func (e *epoll) interrupt() { _ = e.file.SetReadDeadline(time.Unix(1, 0)) }

func (e *epoll) close() { _ = e.file.Close() }
