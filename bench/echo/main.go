// Command echo answers every WebSocket message with itself, for load generators and suites from
// outside.
//
//	echo --listen 127.0.0.1:9001 [--mode loop|goroutine] [--deflate]
//
// Messages may have 64 MiB. It takes connections on every path and from every origin: it is for
// measuring on one machine, not for a network.
package main

import (
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/vechehq/veche/ws"
)

const maxMessage = 64 << 20

func main() {
	listen := flag.String("listen", "127.0.0.1:9001", "`address`")
	mode := flag.String("mode", "loop", "loop or goroutine: what serves connections")
	deflate := flag.Bool("deflate", false, "agree to permessage-deflate, without context takeover")
	flag.Parse()
	if err := serve(*listen, *mode, *deflate); err != nil {
		fmt.Fprintln(os.Stderr, "echo:", err)
		os.Exit(1)
	}
}

func serve(listen, mode string, deflate bool) error {
	modes := map[string]ws.Mode{"loop": ws.ModeAuto, "goroutine": ws.ModeGoroutine}
	m, ok := modes[mode]
	if !ok {
		return fmt.Errorf("unknown mode %q", mode)
	}
	o := &ws.AcceptOptions{
		Options: ws.Options{
			MaxMessage: maxMessage,
			SendBuffer: 2*maxMessage + 1<<10, // one that leaves and one that comes
			Mode:       m,
		},
		OriginPatterns: []string{"*"},
	}
	if deflate {
		o.Compression = ws.CompressionNoTakeover
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	log.Printf("listening on %s, mode %s", l.Addr(), mode)
	server := &http.Server{
		ReadHeaderTimeout: 10 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := ws.Accept(w, r, o); err == nil {
				c.Start(echo{})
			}
		}),
	}
	return server.Serve(l)
}

// echo sends back what comes. A peer that does not read what it is sent is let go.
type echo struct{}

func (echo) Message(c *ws.Conn, typ ws.MessageType, data []byte) {
	if c.Send(typ, data) != nil {
		_ = c.CloseNow()
	}
}

func (echo) Closed(*ws.Conn, error) {}
