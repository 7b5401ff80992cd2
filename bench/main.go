// Command bench measures Veche beside its peers, in one run on one machine. It says what the server
// spends in CPU per message, which hardly moves when the machine is busy, before how fast it was,
// which does.
//
//	go run . sends       durable sends per second, fsync on, 1, 10 and 100 senders
//	go run . fanout      one room to 1,000 and 5,000 members, beside socket.io and NATS
//	go run . socketio    Socket.IO beside npm's: echo, fan-out, memory and connects
//	go run . polls       5,000 long-polling clients, beside socket.io
//	go run . broadcast   package ws beside gws and bare writes, one message to all connections
//	go run . echo        package ws beside gws, gorilla, coder, gobwas and npm's ws
//	go run . handshakes  the same engines: connections instead of messages
//
// The server under test is pinned to CPU 0 and the load to CPU 1; sends uses both.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	verb := ""
	if len(args) > 0 {
		verb, args = args[0], args[1:]
	}
	fs := flag.NewFlagSet("bench "+verb, flag.ContinueOnError)
	bin := fs.String("veche", "../bin/veche", "the `binary` to measure")
	rounds := fs.Int("rounds", 5, "rounds; the figures are their medians")
	window := fs.Duration("window", 2*time.Second, "measured time of each server in each round")
	if err := fs.Parse(args); err != nil {
		return err
	}
	raiseFileLimit()
	switch verb {
	case "sends":
		return benchSends(ctx, *bin, *rounds, *window)
	case "fanout":
		return benchFanout(ctx, *bin, *rounds, *window)
	case "socketio":
		return benchSocketIO(ctx, *bin, *rounds, *window)
	case "peer-socketio":
		return serveSocketIO(ctx, fs.Args())
	case "polls":
		return benchPolls(ctx, *bin, *rounds)
	case "echo":
		return benchEcho(ctx, *rounds, *window)
	case "handshakes":
		return benchHandshakes(ctx, *rounds, *window)
	case "broadcast":
		return benchBroadcast(ctx, *rounds, *window)
	case "peer-nats":
		return serveNATS(ctx, fs.Args())
	}
	if r, ok := rooms[strings.TrimPrefix(verb, "room-")]; ok {
		return serveEngine(ctx, r.serve(), fs.Args())
	}
	if h, ok := engines[verb]; ok {
		return serveEngine(ctx, h, fs.Args())
	}
	return fmt.Errorf("say what to measure: sends, fanout, polls, broadcast, echo or handshakes")
}

func raiseFileLimit() {
	var l syscall.Rlimit
	if syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l) == nil {
		l.Cur = l.Max
		_ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
	}
}
