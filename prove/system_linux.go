// The system's part: signals, limits, and what it tells of a process.

package prove

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }

func (s *server) freeze() error { return s.current().cmd.Process.Signal(syscall.SIGSTOP) }
func (s *server) thaw() error   { return s.current().cmd.Process.Signal(syscall.SIGCONT) }

// fewDescriptors leaves the process half of the descriptors that it has, until back is called: what is open stays so, and
// of what is opened from then on half finds none.
func (s *server) fewDescriptors() (back func() error, err error) {
	pid := s.pid()
	use, err := usageOf(pid)
	if err != nil {
		return nil, err
	}
	var before unix.Rlimit
	few := unix.Rlimit{Cur: uint64(use.descriptors) / 2, Max: 0}
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, nil, &before); err != nil {
		return nil, fmt.Errorf("prlimit: %w", err)
	}
	few.Max = before.Max
	if err := unix.Prlimit(pid, unix.RLIMIT_NOFILE, &few, nil); err != nil {
		return nil, fmt.Errorf("prlimit: %w", err)
	}
	return func() error { return unix.Prlimit(pid, unix.RLIMIT_NOFILE, &before, nil) }, nil
}

// usageOf tells what a process has: resident memory in bytes, open descriptors.
func usageOf(pid int) (u usage, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return u, err
	}
	for line := range bytes.Lines(status) {
		if kb, ok := strings.CutPrefix(string(line), "VmRSS:"); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
			if err != nil {
				return u, err
			}
			u.memory = n << 10
		}
	}
	fds, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	u.descriptors = len(fds)
	return u, err
}
