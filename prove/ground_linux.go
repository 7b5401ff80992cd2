// Ground: a small file system of the run's own, which can really be full.

package prove

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"
)

// ground is a thread with mounts of its own: dir is a tmpfs for it and for the processes that it starts, and nobody
// else sees that. It is gone with the thread, however the run ends.
type ground struct {
	dir  string
	work chan func()
	over chan struct{}
}

// newGround mounts a tmpfs of so many bytes at dir, which takes the right to mount: root's, mostly.
func newGround(dir string, size int64) (*ground, error) {
	g := &ground{dir: dir, work: make(chan func()), over: make(chan struct{})}
	mounted := make(chan error)
	go func() {
		defer close(g.over)
		runtime.LockOSThread() // for good: the thread ends with the goroutine
		err := mountHere(dir, size)
		mounted <- err
		if err != nil {
			return
		}
		for do := range g.work {
			do()
		}
	}()
	if err := <-mounted; err != nil {
		<-g.over
		return nil, fmt.Errorf("%w: %w", ErrNoMount, err)
	}
	return g, nil
}

func mountHere(dir string, size int64) error {
	if err := unix.Unshare(unix.CLONE_FS | unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("unshare: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := unix.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%d,mode=0700", size)); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	return nil
}

// do does something there.
func (g *ground) do(what func() error) error {
	done := make(chan error)
	g.work <- func() { done <- what() }
	return <-done
}

// close lets go of it, when the processes there have ended.
func (g *ground) close() {
	close(g.work)
	<-g.over
}

// fill takes all room but so many bytes.
func (g *ground) fill(but int64) error {
	return g.do(func() (err error) {
		f, err := os.Create(g.ballast())
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		n, err := io.Copy(f, zeros{})
		if !errors.Is(err, unix.ENOSPC) {
			return fmt.Errorf("a disk that should be full: %w", err)
		}
		return f.Truncate(max(0, n-but))
	})
}

// empty gives it back.
func (g *ground) empty() error {
	return g.do(func() error { return os.Remove(g.ballast()) })
}

func (g *ground) ballast() string { return filepath.Join(g.dir, "ballast") }

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
