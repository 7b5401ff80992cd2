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

// idleTable prints what a connection costs that has sent one message and is silent since: resident
// memory of the server, everything counted. It comes first, while the servers are fresh.
func idleTable(ctx context.Context, all []*peer) error {
	fmt.Printf("\n%d idle connections after one message each: resident bytes of the server for each\n\n| engine | bytes |\n| --- | --- |\n", idleConns)
	for _, p := range all {
		n, err := idleBytes(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		fmt.Printf("| %s | %d |\n", p.name, n)
	}
	return nil
}

func idleBytes(ctx context.Context, p *peer) (int, error) {
	before, err := resident(p.cmd.Process.Pid)
	if err != nil {
		return 0, err
	}
	for range idleConns {
		c, err := p.connect(ctx, false)
		if err != nil {
			return 0, err
		}
		defer c.Close()
		if err := c.send(p.op, "hello"); err != nil {
			return 0, err
		}
		if err := c.until("hello"); err != nil {
			return 0, err
		}
	}
	time.Sleep(idleHold)
	after, err := resident(p.cmd.Process.Pid)
	return (after - before) / idleConns, err
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
