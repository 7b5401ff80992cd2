package main

import (
	"bytes"
	"compress/flate"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vechehq/veche/internal/autobahn"
)

// benchEcho measures package ws beside other engines: messages that come back, so many in flight on
// each connection.
func benchEcho(ctx context.Context, rounds int, window time.Duration) error {
	return withEngines(ctx, func(ctx context.Context, all []*peer) error {
		if err := idleTable(ctx, all); err != nil {
			return err
		}
		for _, s := range []echoSetting{{conns: 100, size: 128, depth: 1}, {conns: 100, size: 128, depth: 16}, {conns: 10, size: 64 << 10, depth: 1},
			{conns: 100, size: 1 << 10, depth: 1, deflate: true}} {
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

type echoSetting struct {
	conns, size, depth int
	deflate            bool // without context takeover; the message is chat then
}

func (s echoSetting) String() string {
	what := fmt.Sprintf("%d bytes", s.size)
	if s.deflate {
		what += " of chat, compressed without takeover"
	}
	return fmt.Sprintf("%s, %d connections, %d in flight on each", what, s.conns, s.depth)
}

// frame is a message as a client sends it.
func (s echoSetting) frame() []byte {
	if !s.deflate {
		return appendFrame(nil, opText, []byte(strings.Repeat("x", s.size)))
	}
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.DefaultCompression) // fails for bad levels only
	_, _ = io.WriteString(w, autobahn.Chat(s.size, 1))
	_ = w.Flush()
	return appendFrame(nil, opText|rsv1, bytes.TrimSuffix(b.Bytes(), []byte("\x00\x00\xff\xff")))
}

const (
	rsv1      = 0x40
	noContext = "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"
)

// connect opens a connection to an engine.
func (s echoSetting) connect(ctx context.Context, p *peer) (*wsConn, error) {
	if !s.deflate {
		return p.connect(ctx, false)
	}
	c, err := dial(ctx, p.addr, p.path, noContext)
	if err == nil && !strings.Contains(c.extensions, "server_no_context_takeover") {
		err = errors.Join(fmt.Errorf("agreed on %q", c.extensions), c.Close())
	}
	return c, err
}

type echoResult struct {
	cpu, rate float64
	back      int // bytes of an answer
}

func echoTable(ctx context.Context, all []*peer, s echoSetting, rounds int, window time.Duration) error {
	if s.deflate {
		all = slices.DeleteFunc(slices.Clone(all), func(p *peer) bool { return p.plain })
	}
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
	fmt.Printf("\nEcho of %v: CPU seconds of the server per million messages\n\n", s)
	fmt.Printf("| engine | CPU-s per 1M: median (min–max) | messages/s | Veche ws against it | bytes back |\n| --- | --- | --- | --- | --- |\n")
	for i, p := range all {
		var cpus, rates, ratios []float64
		for round, r := range results[i] {
			cpus, rates = append(cpus, r.cpu), append(rates, r.rate)
			ratios = append(ratios, results[0][round].cpu/r.cpu)
		}
		fmt.Printf("| %s | %.2f (%.2f–%.2f) | %.0f | %.2f | %d |\n", p.name, median(cpus), slices.Min(cpus), slices.Max(cpus),
			median(rates), median(ratios), results[i][0].back)
	}
	return nil
}

func echoRound(ctx context.Context, p *peer, s echoSetting, window time.Duration) (echoResult, error) {
	conns := make([]*wsConn, s.conns)
	for i := range conns {
		c, err := s.connect(ctx, p)
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
	frame := s.frame()
	back, err := conns[0].measure(frame)
	if err != nil {
		return echoResult{}, err
	}
	for _, c := range conns {
		wg.Go(func() {
			if err := c.pump(s, frame, back, &echoed, &stop); err != nil {
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
	return echoResult{cpu: (cpu1 - cpu0) / n * 1e6, rate: n / took, back: back}, errors.Join(err0, err1)
}

// measure returns how many bytes the answer to a frame has, as each other one will.
func (c *wsConn) measure(frame []byte) (int, error) {
	if _, err := c.Write(frame); err != nil {
		return 0, err
	}
	payload, err := c.next(nil)
	const mask = 4 // servers do not
	return len(appendFrame(nil, 0, payload)) - mask, err
}

// pump keeps depth messages under way: a batch goes out in one write, and the next when it is back.
func (c *wsConn) pump(s echoSetting, one []byte, back int, echoed *atomic.Int64, stop *atomic.Bool) error {
	batch := bytes.Repeat(one, s.depth)
	for !stop.Load() {
		if _, err := c.Write(batch); err != nil {
			return err
		}
		if err := readAll(c.in, back*s.depth); err != nil {
			return err
		}
		echoed.Add(int64(s.depth))
	}
	return nil
}
