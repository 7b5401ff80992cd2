// Options: what a run is made of.

package prove

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/vechehq/veche/internal/doors"
)

// Options are a run's. Server is required; zero fields mean their defaults.
type Options struct {
	// Server is the program that runs a server and its first arguments. It is started with the flags of "veche serve",
	// --fault-disk among them.
	Server []string
	// Seed is what the schedule of faults and what the clients do is drawn from.
	Seed uint64
	// Length is how long clients talk, at least 15 s. Closing checks come after it, a minute at most. Default 10
	// minutes.
	Length time.Duration
	// Clients is how many there are, at most 1,000. Default 40. Rooms have five each.
	Clients int
	// Rate is how many requests a second they make together, as far as the server allows. Default 2,600.
	Rate int
	// Faults and Doors are the names of those that take part. Default: all, as FaultNames and DoorNames tell.
	Faults []string
	Doors  []string
	// Tmpfs keeps the server's data on a file system in memory of so many bytes, which the fault full-disk fills up by a
	// file: 0 keeps them in the system's directory for temporary files, and full-disk refuses room beneath SQLite's file
	// calls. It takes Linux and the right to mount; without it Run returns ErrNoMount.
	Tmpfs int64
	// FailFast ends the run at the first violation.
	FailFast bool
	// History gets every call and observation, a line each: in which room, when, which client, what. Several goroutines
	// write. Default: none.
	History io.Writer
	// Progress gets a line every five seconds. Default: none.
	Progress io.Writer
}

// DoorNames are the doors that a run can use.
func DoorNames() []string { return doors.Names() }

// ErrNoMount says that a tmpfs was asked for where none can be mounted.
var ErrNoMount = errors.New("prove: no tmpfs can be mounted here")

const (
	minLength  = 15 * time.Second
	maxClients = 1000
)

// Plan is the schedule that Run would carry out.
func (o Options) Plan() ([]Strike, error) {
	o, err := o.withDefaults()
	return Schedule(o.Seed, o.Length, o.Faults), err
}

func (o Options) withDefaults() (Options, error) {
	if o.Length == 0 {
		o.Length = 10 * time.Minute
	}
	if o.Clients == 0 {
		o.Clients = 40
	}
	if o.Rate == 0 {
		o.Rate = 2600
	}
	if len(o.Faults) == 0 {
		o.Faults = FaultNames()
	}
	if len(o.Doors) == 0 {
		o.Doors = DoorNames()
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
	return o, o.check()
}

func (o *Options) check() error {
	switch {
	case len(o.Server) == 0:
		return errors.New("prove: no server to prove")
	case o.Length < minLength:
		return fmt.Errorf("prove: a run takes %v at least", minLength)
	case o.Clients < 1 || o.Clients > maxClients:
		return fmt.Errorf("prove: the clients are 1 to %d", maxClients)
	case o.Tmpfs < 0:
		return errors.New("prove: a tmpfs has a size above 0")
	case o.Rate < 1:
		return errors.New("prove: the rate is at least 1 request a second")
	}
	return errors.Join(known("fault", o.Faults, FaultNames()), known("door", o.Doors, DoorNames()))
}

func known(what string, names, all []string) error {
	for _, n := range names {
		if !slices.Contains(all, n) {
			return fmt.Errorf("prove: there is no %s %q; there are %v", what, n, all)
		}
	}
	return nil
}
