// Command bench measures Veche beside its peers, in one run on one machine. It says what the server
// spends in CPU per message, which hardly moves when the machine is busy, before how fast it was,
// which does. `go run . --help` lists what it measures.
//
// The server under test is pinned to CPU 0 and the load to CPU 1; sends uses both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// options are the same for all commands.
type options struct {
	bin    string
	rounds int
	window time.Duration
	quick  bool
	chart  string
}

type command struct {
	name, what string
	run        func(ctx context.Context, o options) error
}

// commands are what there is to measure, the engine first.
func commands() []command {
	all := []command{{"engines", "package ws beside gws, gorilla, coder, gobwas and npm's ws; all of:", func(ctx context.Context, o options) error {
		return benchEngines(ctx, o)
	}}}
	for _, p := range engineParts {
		all = append(all, command{p.name, "  " + p.what, func(ctx context.Context, o options) error { return benchEngines(ctx, o, p.name) }})
	}
	return append(all,
		command{"sends", "durable sends per second, fsync on, 1, 10 and 100 senders", func(ctx context.Context, o options) error {
			return benchSends(ctx, o.bin, o.rounds, o.window)
		}},
		command{"fanout", "one durable room to 1,000 and 5,000 members, beside socket.io and NATS", func(ctx context.Context, o options) error {
			return benchFanout(ctx, o.bin, o.rounds, o.window)
		}},
		command{"polls", "5,000 long-polling clients, beside socket.io; 5,000 streams of events", func(ctx context.Context, o options) error {
			return benchPolls(ctx, o.bin, o.rounds)
		}},
		command{"socketio", "Socket.IO beside npm's: fan-out, echo, memory and connects", func(ctx context.Context, o options) error {
			return benchSocketIO(ctx, o.bin, o.rounds, o.window)
		}},
	)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := run(ctx, os.Args[1:])
	if errors.Is(err, flag.ErrHelp) {
		return
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	raiseFileLimit()
	if len(args) > 1 {
		if serve, ok := servers(args[0]); ok {
			return serve(ctx, args[1:])
		}
	}
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.StringVar(&o.bin, "veche", "../bin/veche", "the `binary` to measure; make build makes it")
	fs.IntVar(&o.rounds, "rounds", 5, "rounds; the figures are their medians")
	fs.DurationVar(&o.window, "window", time.Second, "measured time of each server in each round")
	fs.BoolVar(&o.quick, "quick", false, "for trying: two rounds of 200 ms")
	fs.StringVar(&o.chart, "chart", "", "draw what engines and its parts have measured into this SVG `file`")
	fs.Usage = func() { usage(fs) }
	name := ""
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		name, args = args[0], args[1:]
	}
	if err := fs.Parse(args); err != nil {
		return err
	}
	if o.quick {
		o.rounds, o.window = 2, 200*time.Millisecond
	}
	for _, c := range commands() {
		if c.name == name {
			return c.run(ctx, o)
		}
	}
	fs.Usage()
	return fmt.Errorf("there is no %q to measure", name)
}

func usage(fs *flag.FlagSet) {
	w := fs.Output()
	fmt.Fprint(w, "usage: go run . WHAT [flags]\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-12s %s\n", c.name, c.what)
	}
	fmt.Fprint(w, "\nflags:\n")
	fs.PrintDefaults()
}

// servers are the peers that this binary itself is, each a process of its own.
func servers(name string) (serve func(ctx context.Context, args []string) error, ok bool) {
	switch name {
	case "peer-socketio":
		return serveSocketIO, true
	case "peer-nats":
		return serveNATS, true
	}
	h, ok := engines[name]
	if room, is := strings.CutPrefix(name, "room-"); is {
		h, ok = rooms[room].serve(), true
	}
	return func(ctx context.Context, args []string) error { return serveEngine(ctx, h, args) }, ok
}

func raiseFileLimit() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
}
