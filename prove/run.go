// Run: one proof, from its schedule to its result.

package prove

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/prove/hostile"
)

// Result is what came of a run.
type Result struct {
	Options    Options
	Began      time.Time
	Took       time.Duration // with the closing checks
	Struck     []Struck
	Violations []*Violation // the first 200
	Broken     int          // how many there were
	Operations int          // requests that were done
	Refusals   int          // requests that were refused and made again: the disk was full, the server about to end
	Messages   int          // that were acknowledged
	Deliveries int          // messages that were given to readers
	Checks     Checks
	Visits     map[string]int // connections, by door

	seconds []second
}

// Checks counts what was judged at the end, beside all that was while it ran.
type Checks struct {
	Messages   int // in the rooms' logs
	Operations int // given to porcupine
	Receipts   int // ever higher ones
}

// OK reports whether every promise was kept.
func (r *Result) OK() bool { return r.Broken == 0 }

// Run proves a server. The error is of the run itself, such as a program that cannot be started or the end of ctx; what
// the server has done wrong is in the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if runtime.GOOS == "windows" {
		return nil, errors.New("prove: Windows has no signal that asks a process to end; prove elsewhere")
	}
	dir, err := os.MkdirTemp("", "veche-prove-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w := &world{options: o, begun: time.Now(), schedule: Schedule(o.Seed, o.Length, o.Faults)}
	w.first = func() {
		if o.FailFast {
			cancel()
		}
	}
	w.server = newServer(o.Server, dir, rand.Text(), func(why string) { w.violate(crashed, nil, "%s", why) })
	if o.Tmpfs > 0 {
		if w.server.ground, err = newGround(dir, o.Tmpfs); err != nil {
			return nil, err
		}
		defer w.server.ground.close()
	}
	if err := w.server.start(); err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	defer func() { _ = w.server.kill() }()
	w.net, err = hostile.New(w.server.addr, func(x hostile.Exchange) hostile.Fault {
		if plan := w.weather.Load(); plan != nil {
			return (*plan)(x)
		}
		return hostile.Fault{}
	})
	if err != nil {
		return nil, fmt.Errorf("prove: %w", err)
	}
	defer w.net.Close()
	w.invite()
	err = w.run(ctx)
	if _, broken := w.all(); broken > 0 {
		err = nil // it may be why ctx ended
	}
	return w.result(), err
}

// invite makes rooms and clients, one for each door in every room.
func (w *world) invite() {
	for i := range w.options.Clients {
		if i%roomSize == 0 {
			w.rooms = append(w.rooms, newRoom(w, fmt.Sprintf("room-%d", i/roomSize)))
		}
		home := doors.Named(w.options.Doors[i%len(w.options.Doors)])
		w.clients = append(w.clients, newClient(w, i, w.rooms[i/roomSize], home))
	}
}

func (w *world) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	w.begun = time.Now()
	var living, watching sync.WaitGroup
	defer living.Wait()
	defer watching.Wait()
	defer cancel()
	watched, unwatch := context.WithCancel(ctx)
	defer unwatch()
	watching.Go(func() { w.watch(watched) })
	watching.Go(func() { w.tell(watched) })
	for _, c := range w.clients {
		living.Go(func() { c.live(ctx) })
	}
	w.strikeAll(ctx)
	sleep(ctx, w.options.Length-w.now())
	w.recover(ctx)
	w.resting.Store(true)
	w.net.Calm()
	w.settle(ctx)
	w.attend(ctx)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return w.judge(ctx, &living)
}

// judge is what can be said when the clients have gone.
func (w *world) judge(ctx context.Context, living *sync.WaitGroup) error {
	for _, c := range w.clients {
		if !c.left() {
			c.leave()
		}
	}
	living.Wait()
	if err := w.readAll(ctx); err != nil {
		w.violate(crashed, nil, "%v", err)
	}
	for _, r := range w.rooms {
		w.checks.Operations += w.checkLinear(r)
		w.checkReceipts(r)
	}
	w.stop(ctx)
	return ctx.Err()
}

// tell says how it goes every five seconds.
func (w *world) tell(ctx context.Context) {
	before := second{}
	for last := w.now(); ; {
		sleep(ctx, 5*time.Second)
		if ctx.Err() != nil {
			return
		}
		now, sums := w.now(), w.meter.sums()
		_, broken := w.all()
		w.mu.Lock()
		struck := len(w.struck)
		name := ""
		if struck > 0 {
			name = w.struck[struck-1].Fault
		}
		w.mu.Unlock()
		online := 0
		for _, c := range w.clients {
			if c.now.Load().online {
				online++
			}
		}
		fmt.Fprintf(w.options.Progress, "%4.0fs  %9d operations (%5.0f/s)  %9d deliveries  %3d/%d online  %3d faults (%s)  %d violations\n",
			now.Seconds(), sums.answers, float64(sums.answers-before.answers)/(now-last).Seconds(), sums.deliveries, online, len(w.clients), struck, name, broken)
		last, before = now, sums
	}
}

func (w *world) result() *Result {
	sums := w.meter.sums()
	r := &Result{
		Options: w.options, Began: w.begun, Took: w.now(), Struck: w.struck, Visits: map[string]int{},
		Operations: sums.answers, Refusals: sums.refusals, Messages: sums.sends, Deliveries: sums.deliveries, seconds: w.meter.seconds(),
		Checks: w.checks,
	}
	r.Violations, r.Broken = w.all()
	for _, c := range w.clients {
		for d, n := range c.doors {
			r.Visits[d] += n
		}
	}
	return r
}
