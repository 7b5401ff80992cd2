package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/vechehq/veche/prove"
)

type proveCmd struct {
	Seed    uint64   `env:"-" placeholder:"N" help:"What the schedule of faults and what clients do are drawn from; the same seed gives the same schedule. Without it, one by chance."`
	Minutes float64  `env:"-" default:"10" placeholder:"N" help:"How long clients talk; half a minute of checks comes after it. (${default})"`
	Clients int      `env:"-" default:"40" placeholder:"N" help:"How many clients, five in a room. (${default})"`
	Rate    int      `env:"-" default:"2600" placeholder:"N" help:"Requests a second that they make together, as far as the server allows. (${default})"`
	Faults  []string `env:"-" placeholder:"NAME" help:"Faults that take part, of those below. (all)"`
	Doors   []string `env:"-" placeholder:"NAME" help:"Doors that clients use, of those below. (all)"`
	Tmpfs   int64    `env:"-" placeholder:"MIB" help:"Keep the data on a tmpfs of so many MiB, which full-disk really fills up; 100 for a minute are enough. Linux, with the right to mount. (none)"`
	Report  string   `env:"-" placeholder:"FILE" help:"Write what happened as a page, HTML."`
	History string   `env:"-" placeholder:"FILE" help:"Write every call and observation, a line each; about 50 MB a minute."`

	Schedule bool     `env:"-" help:"Print the schedule and do nothing."`
	FailFast bool     `env:"-" help:"End at the first violation."`
	Server   []string `env:"-" placeholder:"PROGRAM" help:"Prove this program, which must take the flags of serve, instead of this one."`
}

func (p *proveCmd) Help() string {
	return "Starts a server of its own on loopback and a temporary directory, has clients talk over every door, and breaks what can be broken: the process, its disk, the network. What the server has acknowledged must be there, once, in order; docs/guarantees.md has all that is checked. Exit code 1 when a promise was broken.\n\n" +
		"Faults: " + strings.Join(prove.FaultNames(), ", ") + ".\n\nDoors: " + strings.Join(prove.DoorNames(), ", ") + "."
}

var errBroken = errors.New("a promise was broken")

// Run proves the server that this program is.
func (p *proveCmd) Run(w world) error {
	o, err := p.options(w)
	if err != nil {
		return err
	}
	if p.Schedule {
		return plan(o, w.stdout)
	}
	if p.History != "" {
		f, err := os.Create(p.History)
		if err != nil {
			return err
		}
		lines := &locked{w: bufio.NewWriterSize(f, 1<<20)}
		defer func() { _ = errors.Join(lines.w.Flush(), f.Close()) }() // it is for reading along
		o.History = lines
	}
	fmt.Fprintf(w.stdout, "seed %d, %v, %d clients\n", o.Seed, o.Length, o.Clients)
	return p.prove(o, w)
}

// plan prints what would be done.
func plan(o prove.Options, to io.Writer) error {
	strikes, err := o.Plan()
	if err != nil {
		return err
	}
	for _, s := range strikes {
		fmt.Fprintln(to, s)
	}
	return nil
}

// prove runs, until a signal comes.
func (p *proveCmd) prove(o prove.Options, w world) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		select {
		case <-w.signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	result, err := prove.Run(ctx, o)
	if result == nil {
		return err
	}
	fmt.Fprint(w.stdout, result.Summary())
	if p.Report != "" {
		err = errors.Join(err, p.report(result))
	}
	if !result.OK() {
		err = errors.Join(err, errBroken)
	}
	return err
}

func (p *proveCmd) options(w world) (prove.Options, error) {
	o := prove.Options{
		Server: p.Server, Seed: p.Seed, Length: time.Duration(p.Minutes * float64(time.Minute)), Clients: p.Clients,
		Rate: p.Rate, Faults: p.Faults, Doors: p.Doors, Tmpfs: p.Tmpfs << 20, FailFast: p.FailFast, Progress: w.stdout,
	}
	if o.Seed == 0 {
		o.Seed = rand.Uint64N(1 << 32)
	}
	if len(o.Server) > 0 {
		return o, nil
	}
	self, err := os.Executable()
	o.Server = []string{self}
	return o, err
}

// locked is a writer for several goroutines.
type locked struct {
	mu sync.Mutex
	w  *bufio.Writer // guarded by mu
}

func (l *locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(p)
}

func (p *proveCmd) report(r *prove.Result) error {
	f, err := os.Create(p.Report)
	if err != nil {
		return err
	}
	return errors.Join(r.Report(f), f.Close())
}
