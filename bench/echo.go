package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// benchEcho measures package ws beside other engines: messages that come back, so many in flight on
// each connection.
func benchEcho(ctx context.Context, rounds int, window time.Duration) error {
	return withEngines(ctx, func(ctx context.Context, all []*peer) error {
		if err := idleTable(ctx, all); err != nil {
			return err
		}
		for _, s := range []echoSetting{{100, 128, 1}, {100, 128, 16}, {10, 64 << 10, 1}} {
			if err := echoTable(ctx, all, s, rounds, window); err != nil {
				return err
			}
		}
		return nil
	})
}

// withEngines runs package ws and its peers beside each other.
func withEngines(ctx context.Context, measure func(ctx context.Context, all []*peer) error) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	data, remove, err := dataDir()
	if err != nil {
		return err
	}
	defer remove()
	echoBin := data + "/echo"
	if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", echoBin, "./echo").CombinedOutput(); err != nil {
		return fmt.Errorf("build echo: %w\n%s", err, out)
	}
	pinSelf()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	all := enginePeers(self, echoBin)
	for _, p := range all {
		if err := p.start(ctx, serverCPU); err != nil {
			return err
		}
		defer p.stop()
	}
	return measure(ctx, all)
}

type echoSetting struct{ conns, size, depth int }

type echoResult struct{ cpu, rate float64 }

func echoTable(ctx context.Context, all []*peer, s echoSetting, rounds int, window time.Duration) error {
	results := make([][]echoResult, len(all))
	for range rounds {
		for i, p := range all {
			r, err := echoRound(ctx, p, s, window)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			results[i] = append(results[i], r)
		}
	}
	fmt.Printf("\nEcho of %d bytes, %d connections, %d in flight on each: CPU seconds of the server per million messages\n\n", s.size, s.conns, s.depth)
	fmt.Printf("| engine | CPU-s per 1M: median (min–max) | messages/s | Veche ws against it |\n| --- | --- | --- | --- |\n")
	for i, p := range all {
		var cpus, rates, ratios []float64
		for round, r := range results[i] {
			cpus, rates = append(cpus, r.cpu), append(rates, r.rate)
			ratios = append(ratios, results[0][round].cpu/r.cpu)
		}
		fmt.Printf("| %s | %.2f (%.2f–%.2f) | %.0f | %.2f |\n", p.name, median(cpus), slices.Min(cpus), slices.Max(cpus), median(rates), median(ratios))
	}
	return nil
}

func echoRound(ctx context.Context, p *peer, s echoSetting, window time.Duration) (echoResult, error) {
	conns := make([]*wsConn, s.conns)
	for i := range conns {
		c, err := p.connect(ctx, false)
		if err != nil {
			return echoResult{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	var (
		wg     sync.WaitGroup
		echoed atomic.Int64
		stop   atomic.Bool
		failed = make(chan error, s.conns)
	)
	for _, c := range conns {
		wg.Go(func() {
			if err := c.pump(s, &echoed, &stop); err != nil {
				failed <- err
			}
		})
	}
	time.Sleep(window / 4) // warm up
	pid := p.cmd.Process.Pid
	cpu0, err0 := cpu(pid)
	n0, t0 := echoed.Load(), time.Now()
	time.Sleep(window)
	n, took := float64(echoed.Load()-n0), time.Since(t0).Seconds()
	cpu1, err1 := cpu(pid)
	stop.Store(true)
	wg.Wait()
	select {
	case err := <-failed:
		return echoResult{}, err
	default:
	}
	return echoResult{cpu: (cpu1 - cpu0) / n * 1e6, rate: n / took}, errors.Join(err0, err1)
}

// pump keeps depth messages under way: a batch goes out in one write, and the next when it is back.
func (c *wsConn) pump(s echoSetting, echoed *atomic.Int64, stop *atomic.Bool) error {
	one := appendFrame(nil, opText, []byte(strings.Repeat("x", s.size)))
	batch := []byte(strings.Repeat(string(one), s.depth))
	back := (len(one) - 4) * s.depth // servers do not mask
	for !stop.Load() {
		if _, err := c.Write(batch); err != nil {
			return err
		}
		if err := readAll(c.in, back); err != nil {
			return err
		}
		echoed.Add(int64(s.depth))
	}
	return nil
}
