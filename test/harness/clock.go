// Clock: how long it took, on a machine that others use too.

package harness

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Clock goes as fast as the test and all processes of its group could have the machine: a second of which others had
// three quarters is a quarter of a second. What a server must do in some time it must do in that much of its own.
type Clock struct {
	t    testing.TB
	last time.Time
	free float64         // ticks of the machine so far, of nobody
	all  float64         // and altogether
	own  map[int]float64 // by process
}

// NewClock starts a clock.
func NewClock(t testing.TB) *Clock {
	c := &Clock{t: t}
	c.Tick()
	return c
}

// Tick returns how long the last Tick is ago, and how much of it was ours. A process that has ended since is not
// counted, so one ticks every second or so.
func (c *Clock) Tick() (passed, ours time.Duration) {
	c.t.Helper()
	free, all := c.machine()
	own := 0.0
	alive := group()
	for pid, now := range alive {
		own += now - c.own[pid] // all of it, if it is new
	}
	now := time.Now()
	passed = now.Sub(c.last)
	if spent := all - c.all; spent > 0 {
		ours = time.Duration(float64(passed) * min(1, (free-c.free+own)/spent))
	}
	c.last, c.free, c.all, c.own = now, free, all, alive
	return passed, ours
}

// machine reads /proc/stat. Interrupts are left out: nobody knows whose they are.
func (c *Clock) machine() (free, all float64) {
	c.t.Helper()
	stat, err := os.ReadFile("/proc/stat")
	if err != nil {
		c.t.Fatal(err)
	}
	line, _, _ := bytes.Cut(stat, []byte("\n"))
	for i, field := range strings.Fields(string(line))[1:] {
		n, err := strconv.ParseFloat(field, 64)
		if err != nil {
			c.t.Fatal(err)
		}
		switch i {
		case 3, 4: // idle, and waiting for a disk
			free += n
			all += n
		case 0, 1, 2, 7: // programs, nice ones, the system, other machines
			all += n
		}
	}
	return free, all
}

// group returns the processor time of the processes of our group.
func group() map[int]float64 {
	own := make(map[int]float64)
	all, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is right
	for _, file := range all {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:])) // the program's name is before it
		if fields[2] != strconv.Itoa(syscall.Getpgrp()) {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		program, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64) // for it
		own[pid] = program + system
	}
	return own
}
