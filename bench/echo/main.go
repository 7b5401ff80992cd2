// Command echo is this project's WebSocket engine and nothing else: a server that answers every message
// with itself, for load generators and suites from outside; or, with --client, a client that does the
// same on one connection until the server closes it.
//
//	go run ./echo --listen 127.0.0.1:9001 [--mode loop|goroutine] [--deflate [--window BITS]]
//	go run ./echo --client ws://127.0.0.1:9001/path [--mode loop|goroutine] [--deflate [--window BITS]]
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/vechehq/veche/ws"
)

// maxMessage is what suites send at most.
const maxMessage = 64 << 20

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "`address` to listen on")
	client := flag.String("client", "", "be a client of this `URL` instead")
	mode := flag.String("mode", "loop", "what serves connections: `loop` or goroutine")
	deflate := flag.Bool("deflate", false, "permessage-deflate, with context takeover where the other side likes it")
	window := flag.Int("window", 15, "with --deflate, the largest window that the other side may use, 8 to 15 `bits`")
	flag.Parse()
	o := ws.Options{MaxMessage: maxMessage, SendBuffer: 2 * maxMessage}
	switch *mode {
	case "loop":
	case "goroutine":
		o.Mode = ws.ModeGoroutine
	default:
		log.Fatalf("unknown mode %q", *mode)
	}
	if *deflate {
		o.Compression, o.WindowBits = ws.CompressionTakeover, *window
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if *client != "" {
		err = beClient(ctx, *client, o)
	} else {
		err = serve(ctx, *listen, o)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, addr string, o ws.Options) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Options: o, OriginPatterns: []string{"*"}})
		if err != nil {
			return // and it was answered
		}
		c.Start(echo{})
	}), ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() { srv.Close() })
	log.Printf("listening on ws://%s", l.Addr())
	if err := srv.Serve(ws.Door(l, srv)); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

func beClient(ctx context.Context, url string, o ws.Options) error {
	c, _, err := ws.Dial(ctx, url, &ws.DialOptions{Options: o})
	if err != nil {
		return err
	}
	context.AfterFunc(ctx, func() { c.CloseNow() })
	c.Start(echo{})
	<-c.Done()
	return nil
}

type echo struct{}

// Message sends back what came. What cannot be sent ends the connection: an echo with a hole is none.
func (echo) Message(c *ws.Conn, typ ws.MessageType, data []byte) {
	if err := c.Send(typ, data); err != nil {
		c.Shut(ws.StatusInternal, "the echo does not fit")
	}
}

func (echo) Closed(*ws.Conn, error) {}
