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

// echoSettings are what an engine is asked to echo.
var echoSettings = []echoSetting{
	{conns: 100, size: 128, depth: 1},
	{conns: 100, size: 128, depth: 16},
	{conns: 10, size: 64 << 10, depth: 1},
	{conns: 10, size: 64 << 10, depth: 1, russian: true},
	{conns: 100, size: 1 << 10, depth: 1, deflate: true},
}

// echoTables measures messages that come back, so many in flight on each connection.
func echoTables(ctx context.Context, all []*peer, o options) (tables []*table, err error) {
	for _, s := range echoSettings {
		t, err := echoTable(ctx, all, s, o)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
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
	russian            bool // the message is Russian; else one letter
}

func (s echoSetting) String() string {
	what := fmt.Sprintf("%d bytes", s.size)
	if s.deflate {
		what += " of chat, compressed without takeover"
	}
	if s.russian {
		what += " of Russian"
	}
	return fmt.Sprintf("%s, %d connections, %d in flight on each", what, s.conns, s.depth)
}

// short is String for a chart.
func (s echoSetting) short() string {
	what := fmt.Sprintf("%d bytes, %d in flight", s.size, s.depth)
	switch {
	case s.russian:
		what = fmt.Sprintf("%d KiB of Russian", s.size>>10)
	case s.deflate:
		what = fmt.Sprintf("%d KiB of chat, compressed", s.size>>10)
	case s.size >= 1<<10:
		what = fmt.Sprintf("%d KiB of ASCII", s.size>>10)
	}
	return "Echo, " + what + ": CPU µs each"
}

// frame is a message as a client sends it.
func (s echoSetting) frame() []byte {
	switch {
	case s.russian:
		const sentence = "На вече слышен каждый. "
		return appendFrame(nil, opText, []byte(strings.ToValidUTF8(strings.Repeat(sentence, s.size/len(sentence)+1)[:s.size], ".")))
	case !s.deflate:
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

func echoTable(ctx context.Context, all []*peer, s echoSetting, o options) (*table, error) {
	columns := []column{cpuColumn, rateColumn, p50Column, p99Column}
	if s.deflate {
		all = slices.DeleteFunc(slices.Clone(all), func(p *peer) bool { return p.plain })
		columns = append(columns, backColumn)
	}
	rows, err := interleave(ctx, all, o.rounds, func(_ int, p *peer) (sample, error) { return echoRound(ctx, p, s, o.window) })
	if err != nil {
		return nil, err
	}
	return &table{title: fmt.Sprintf("Echo of %v: what a message costs the server", s), short: s.short(), columns: columns, against: "gws", rows: rows}, nil
}

func echoRound(ctx context.Context, p *peer, s echoSetting, window time.Duration) (sample, error) {
	conns := make([]*wsConn, s.conns)
	for i := range conns {
		c, err := s.connect(ctx, p)
		if err != nil {
			return sample{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	var (
		wg     sync.WaitGroup
		echoed atomic.Int64
		stop   atomic.Bool
		failed = make(chan error, s.conns)
		took   = make([][]time.Duration, s.conns)
	)
	frame := s.frame()
	back, err := conns[0].measure(frame)
	if err != nil {
		return sample{}, err
	}
	for i, c := range conns {
		wg.Go(func() {
			var err error
			if took[i], err = c.pump(s, frame, back, &echoed, &stop); err != nil {
				failed <- err
			}
		})
	}
	time.Sleep(window / 4) // warm up
	pid := p.cmd.Process.Pid
	cpu0, err0 := cpu(pid)
	n0, t0 := echoed.Load(), time.Now()
	time.Sleep(window)
	n, seconds := float64(echoed.Load()-n0), time.Since(t0).Seconds()
	cpu1, err1 := cpu(pid)
	stop.Store(true)
	wg.Wait()
	select {
	case err := <-failed:
		return sample{}, err
	default:
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	return sample{cpu: (cpu1 - cpu0) / n * 1e6, rate: n / seconds, bytes: float64(back), p50: all[len(all)/2], p99: all[len(all)*99/100]}, errors.Join(err0, err1)
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

// pump keeps depth messages under way: a batch goes out in one write, and the next when it is back. It
// returns how long each batch took.
func (c *wsConn) pump(s echoSetting, one []byte, back int, echoed *atomic.Int64, stop *atomic.Bool) (took []time.Duration, err error) {
	batch := bytes.Repeat(one, s.depth)
	for !stop.Load() {
		start := time.Now()
		if _, err := c.Write(batch); err != nil {
			return nil, err
		}
		if err := readAll(c.in, back*s.depth); err != nil {
			return nil, err
		}
		echoed.Add(int64(s.depth))
		took = append(took, time.Since(start))
	}
	return took, nil
}
