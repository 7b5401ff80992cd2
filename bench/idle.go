package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

const (
	idleConns = 10_000
	idleHold  = 3 * time.Second // after which the memory is looked at
)

// idleTable is what a connection costs that has sent one message and is silent since: resident memory of
// the server, everything counted. Each round has a fresh server.
func idleTable(ctx context.Context, all []*peer, o options) (*table, error) {
	n := idleConns
	if o.quick {
		n /= 10
	}
	rows, err := interleave(ctx, all, o.rounds, func(_ int, p *peer) (sample, error) { return idleRound(ctx, p, n) })
	if err != nil {
		return nil, err
	}
	return &table{title: fmt.Sprintf("%d idle connections after one message each: resident memory of the server", n),
		short: "Resident bytes per idle connection", columns: []column{bytesColumn}, against: "gws", rows: rows}, nil
}

func idleRound(ctx context.Context, p *peer, n int) (sample, error) {
	fresh := *p
	if err := fresh.start(ctx, serverCPU); err != nil {
		return sample{}, err
	}
	defer fresh.stop()
	before, err := resident(fresh.cmd.Process.Pid)
	if err != nil {
		return sample{}, err
	}
	for range n {
		c, err := fresh.connect(ctx, false)
		if err != nil {
			return sample{}, err
		}
		defer c.Close()
		if err := c.send(p.op, "hello"); err != nil {
			return sample{}, err
		}
		if err := c.until("hello"); err != nil {
			return sample{}, err
		}
	}
	time.Sleep(idleHold)
	after, err := resident(fresh.cmd.Process.Pid)
	return sample{bytes: float64(after-before) / float64(n)}, err
}

// resident returns a process's resident memory in bytes.
func resident(pid int) (int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "VmRSS:" {
			kb, err := strconv.Atoi(f[1])
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("process %d has no VmRSS", pid)
}
