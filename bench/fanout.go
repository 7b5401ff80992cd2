package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// benchFanout measures one publisher in one room: to 5,000 members one message at a time, and to
// 1,000 with eight in flight.
func benchFanout(ctx context.Context, bin string, rounds int, window time.Duration) error {
	for _, s := range fanoutSettings {
		data, remove, err := dataDir()
		if err != nil {
			return err
		}
		defer remove()
		all, err := peers(bin, data)
		if err != nil {
			return err
		}
		t, err := fanoutTable(ctx, all, "Veche", s.members, s.inFlight, rounds, window)
		if err != nil {
			return err
		}
		t.print(os.Stdout)
	}
	return nil
}

var fanoutSettings = []struct{ members, inFlight int }{{5000, 1}, {1000, 8}}

// fanoutTable gathers a room at each server and measures them in turns.
func fanoutTable(ctx context.Context, all []*peer, against string, members, inFlight, rounds int, window time.Duration) (_ *table, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pinSelf()
	rooms := make([]*audience, len(all))
	for i, p := range all {
		if err := p.start(ctx, serverCPU); err != nil {
			return nil, err
		}
		defer p.stop()
		if rooms[i], err = gather(ctx, p, members); err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		defer rooms[i].close()
	}
	rows, err := interleave(ctx, all, rounds, func(i int, _ *peer) (sample, error) { return rooms[i].measure(ctx, inFlight, window) })
	if err != nil {
		return nil, err
	}
	return &table{title: fmt.Sprintf("Fan-out of 128 bytes to %d members, %d in flight: what a delivery costs the server", members, inFlight),
		short:   fmt.Sprintf("To %d connections, %d in flight: CPU µs each", members, inFlight),
		columns: []column{cpuColumn, rateColumn}, against: against, rows: rows}, nil
}

// pinSelf keeps the load off the server's CPU.
func pinSelf() {
	var set unix.CPUSet
	set.Set(loadCPU)
	_ = unix.SchedSetaffinity(0, &set)
}

// audience is a room full of members of one peer, who count what they hear.
type audience struct {
	peer      *peer
	publisher *wsConn
	members   []*wsConn
	readers   sync.WaitGroup
	heard     [heardSlots]atomic.Int64 // by message number, modulo
	complete  chan struct{}            // one for each message that everybody has heard
	delivered atomic.Int64
	lost      atomic.Int64 // connections
	sent      int
}

// heardSlots is larger than any number of messages in flight.
const heardSlots = 1024

func gather(ctx context.Context, p *peer, members int) (*audience, error) {
	a := &audience{peer: p, complete: make(chan struct{}, heardSlots)}
	for range members {
		c, err := p.connect(ctx, true)
		if err != nil {
			return nil, err
		}
		a.members = append(a.members, c)
	}
	var err error
	if a.publisher, err = p.connect(ctx, false); err != nil {
		return nil, err
	}
	for _, c := range a.members {
		a.readers.Go(func() { a.listen(c, true) })
	}
	// The publisher hears its own messages where connecting is joining; it only has to keep reading.
	a.readers.Go(func() { a.listen(a.publisher, false) })
	return a, nil
}

func (a *audience) close() {
	for _, c := range append(a.members, a.publisher) {
		c.Close()
	}
	a.readers.Wait()
}

const marker = "wsl:"

// listen counts the markers in whatever comes, until the connection ends.
func (a *audience) listen(c *wsConn, counts bool) {
	var buf []byte
	for {
		var err error
		if buf, err = c.next(buf); err != nil {
			a.lost.Add(1)
			return
		}
		if string(buf) == "2" { // an Engine.IO ping
			_ = c.send(opText, "3")
		}
		for b := buf; counts; {
			i := bytes.Index(b, []byte(marker))
			if i < 0 {
				break
			}
			n, _ := strconv.ParseUint(string(b[i+len(marker):i+len(marker)+8]), 16, 32)
			a.hear(int(n))
			b = b[i+len(marker)+8:]
		}
	}
}

func (a *audience) hear(n int) {
	a.delivered.Add(1)
	slot := &a.heard[n%heardSlots]
	if slot.Add(1) == int64(len(a.members)) {
		slot.Store(0)
		a.complete <- struct{}{}
	}
}

// measure publishes for a while, with at most inFlight messages that not everybody has heard.
func (a *audience) measure(ctx context.Context, inFlight int, window time.Duration) (sample, error) {
	for range inFlight {
		if err := a.publish(); err != nil {
			return sample{}, err
		}
	}
	// A quarter of the window warms up.
	if err := a.keep(ctx, window/4); err != nil {
		return sample{}, err
	}
	pid := a.peer.cmd.Process.Pid
	cpu0, err := cpu(pid)
	if err != nil {
		return sample{}, err
	}
	n0, t0 := a.delivered.Load(), time.Now()
	if err := a.keep(ctx, window); err != nil {
		return sample{}, err
	}
	n, took := float64(a.delivered.Load()-n0), time.Since(t0).Seconds()
	cpu1, err := cpu(pid)
	if err != nil {
		return sample{}, err
	}
	for range inFlight {
		if err := a.wait(ctx); err != nil {
			return sample{}, err
		}
	}
	return sample{cpu: (cpu1 - cpu0) / n * 1e6, rate: n / took}, nil
}

// keep publishes a message for each that everybody has heard.
func (a *audience) keep(ctx context.Context, d time.Duration) error {
	for end := time.Now().Add(d); time.Now().Before(end); {
		if err := a.wait(ctx); err != nil {
			return err
		}
		if err := a.publish(); err != nil {
			return err
		}
	}
	return nil
}

func (a *audience) wait(ctx context.Context) error {
	stuck := time.NewTimer(20 * time.Second)
	defer stuck.Stop()
	select {
	case <-a.complete:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-stuck.C:
		return fmt.Errorf("a message did not reach everybody; %d connections are lost", a.lost.Load())
	}
}

// publish sends the next message: 128 bytes with its number.
func (a *audience) publish() error {
	payload := fmt.Sprintf("%s%08x:%0115d", marker, a.sent%heardSlots, 0)
	a.sent++
	return a.publisher.send(a.peer.op, a.peer.publish(payload))
}
