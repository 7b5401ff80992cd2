package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vechehq/veche/socketio"
)

// benchSocketIO measures Socket.IO: the library, the server's rooms over it, and npm's, over WebSocket.
func benchSocketIO(ctx context.Context, bin string, rounds int, window time.Duration) error {
	for _, setting := range []struct{ members, inFlight int }{{5000, 1}, {1000, 1}, {1000, 8}} {
		data, remove, err := dataDir()
		if err != nil {
			return err
		}
		defer remove()
		all, err := socketIOPeers(bin, data)
		if err != nil {
			return err
		}
		t, err := fanoutTable(ctx, all, "socket.io", setting.members, setting.inFlight, rounds, window)
		if err != nil {
			return err
		}
		t.print(os.Stdout)
	}
	return socketIOCosts(ctx, bin, rounds, window)
}

// socketIOPeers returns the library and npm's socket.io, which do the same, and the server with a durable room.
func socketIOPeers(bin, data string) ([]*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	all, err := peers(bin, data)
	if err != nil {
		return nil, err
	}
	npm := all[len(all)-1]
	library := *npm
	library.name = "Veche's library"
	library.argv = func(port string) []string { return []string{self, "peer-socketio", port} }
	rooms := *npm
	rooms.name = "Veche's rooms"
	rooms.argv = func(port string) []string { return vecheArgs(bin, port, data) }
	rooms.subscribe = `420["join",{"room":"bench"}]`
	rooms.publish = func(p string) string { return `42["send",{"room":"bench","body":"` + p + `"}]` }
	return []*peer{&library, &rooms, npm}, nil
}

// serveSocketIO is the library with the handlers of peers/socketio.mjs.
func serveSocketIO(ctx context.Context, args []string) error {
	if len(args) != 1 {
		return errors.New("peer-socketio PORT")
	}
	io := socketio.New(nil)
	io.OnConnection(func(s *socketio.Socket) {
		socketio.On(s, "join", func(room string) { s.Join(room) })
		socketio.On(s, "echo", func(message string) { _ = s.Emit("echo", message) })
		socketio.On(s, "pub", func(message string) { _ = io.To("bench").Emit("m", message) })
	})
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", io)
	server := &http.Server{Addr: "127.0.0.1:" + args[0], Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	if err := server.ListenAndServe(); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

const (
	echoers = 100  // connections that echo
	warming = 500  // connections that are there before
	idlers  = 5000 // connections whose memory is measured
	dialers = 16   // that open them at a time
)

// costs are one peer's in one round.
type costs struct {
	echo     float64 // CPU-s of the server per million echoes
	rate     float64 // echoes per second
	memory   float64 // KiB per idle connection
	connect  float64 // CPU-s of the server per million connects
	connects float64 // per second
}

// socketIOCosts measures what a connection and an echo cost, each with a fresh server.
func socketIOCosts(ctx context.Context, bin string, rounds int, window time.Duration) error {
	data, remove, err := dataDir()
	if err != nil {
		return err
	}
	defer remove()
	all, err := socketIOPeers(bin, data)
	if err != nil {
		return err
	}
	results := make([][]costs, len(all))
	for range rounds {
		for i, p := range all {
			c, err := costOf(ctx, p, window)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			results[i] = append(results[i], c)
		}
	}
	fmt.Printf("\nSocket.IO over WebSocket: %d idle connections in the default namespace, then %d that echo 128 bytes\n\n", idlers, echoers)
	fmt.Printf("| server | CPU-s per 1M echoes | echoes/s | KiB per idle connection | CPU-s per 1M connects | connects/s |\n| --- | --- | --- | --- | --- | --- |\n")
	for i, p := range all {
		of := func(f func(costs) float64) float64 {
			var xs []float64
			for _, c := range results[i] {
				xs = append(xs, f(c))
			}
			return median(xs)
		}
		echo, rate := fmt.Sprintf("%.1f", of(func(c costs) float64 { return c.echo })), fmt.Sprintf("%.0f", of(func(c costs) float64 { return c.rate }))
		if i == 1 {
			echo, rate = "–", "–" // rooms do not echo
		}
		fmt.Printf("| %s | %s | %s | %.1f | %.0f | %.0f |\n", p.name, echo, rate, of(func(c costs) float64 { return c.memory }),
			of(func(c costs) float64 { return c.connect }), of(func(c costs) float64 { return c.connects }))
	}
	return nil
}

func costOf(ctx context.Context, p *peer, window time.Duration) (c costs, err error) {
	if err := p.start(ctx, serverCPU); err != nil {
		return c, err
	}
	defer p.stop()
	if err := c.measureIdle(ctx, p); err != nil { // first: what a process has used once it keeps
		return c, err
	}
	if p.subscribe == `42["join","bench"]` { // the server's rooms do not echo
		err = c.measureEcho(ctx, p, window)
	}
	return c, err
}

func (c *costs) measureEcho(ctx context.Context, p *peer, window time.Duration) error {
	var conns []*wsConn
	for range echoers {
		conn, err := p.connect(ctx, false)
		if err != nil {
			return err
		}
		conns = append(conns, conn)
	}
	frame := `42["echo","` + strings.Repeat("x", 128) + `"]`
	var count atomic.Int64
	var wait sync.WaitGroup
	for _, conn := range conns {
		wait.Go(func() {
			for conn.send(opText, frame) == nil && conn.until(`42["echo"`) == nil {
				count.Add(1)
			}
		})
	}
	time.Sleep(window / 4)
	pid := p.cmd.Process.Pid
	cpu0, err := cpu(pid)
	if err != nil {
		return err
	}
	n0, t0 := count.Load(), time.Now()
	time.Sleep(window)
	n, took := float64(count.Load()-n0), time.Since(t0).Seconds()
	cpu1, err := cpu(pid)
	for _, conn := range conns {
		conn.Close()
	}
	wait.Wait()
	c.echo, c.rate = (cpu1-cpu0)/n*1e6, n/took
	return err
}

func (c *costs) measureIdle(ctx context.Context, p *peer) error {
	pid := p.cmd.Process.Pid
	for range warming { // what a process takes for the first ones is not theirs
		conn, err := p.connect(ctx, false)
		if err != nil {
			return err
		}
		defer conn.Close()
	}
	time.Sleep(settle)
	rss0, err := resident(pid)
	if err != nil {
		return err
	}
	cpu0, err := cpu(pid)
	if err != nil {
		return err
	}
	t0 := time.Now()
	conns := make([]*wsConn, idlers)
	var next atomic.Int64
	var wait sync.WaitGroup
	errs := make([]error, dialers)
	for d := range dialers {
		wait.Go(func() {
			for errs[d] == nil {
				i := next.Add(1) - 1
				if i >= idlers {
					return
				}
				conns[i], errs[d] = p.connect(ctx, false)
			}
		})
	}
	wait.Wait()
	if err := errors.Join(errs...); err != nil {
		return err
	}
	took := time.Since(t0).Seconds()
	cpu1, err := cpu(pid)
	if err != nil {
		return err
	}
	time.Sleep(settle)
	rss1, err := resident(pid)
	for _, conn := range conns {
		conn.Close()
	}
	c.memory = float64(rss1-rss0) / idlers / 1024
	c.connect, c.connects = (cpu1-cpu0)/idlers*1e6, idlers/took
	return err
}

// settle is the time for collectors to run before memory is read.
const settle = 3 * time.Second
