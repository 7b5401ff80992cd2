//go:build !linux

// Where the system tells nothing of a process, and has no such signals and limits.

package prove

import (
	"errors"
	"os"
)

var errSystem = errors.New("prove: this system has no such thing")

func terminate(p *os.Process) error { return p.Signal(os.Interrupt) }

func (s *server) freeze() error                         { return errSystem }
func (s *server) thaw() error                           { return errSystem }
func (s *server) fewDescriptors() (func() error, error) { return nil, errSystem }
func usageOf(int) (usage, error)                        { return usage{}, errSystem }

// ground is what only Linux has.
type ground struct{}

func newGround(string, int64) (*ground, error) { return nil, ErrNoMount }

func (*ground) do(func() error) error { return ErrNoMount }
func (*ground) close()                {}
func (*ground) fill(int64) error      { return ErrNoMount }
func (*ground) empty() error          { return ErrNoMount }
