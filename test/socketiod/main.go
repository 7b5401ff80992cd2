// Command socketiod is what suites of Engine.IO and Socket.IO from outside can be pointed at:
//
//	go run ./socketiod --listen :3000
//
// On /engine.io/ it sends every message back. On /socket.io/, in the namespaces / and /custom, it emits auth with the
// handshake's auth, answers message by message-back with the same arguments, and acknowledges
// message-with-ack with its arguments; /play does everything else (play.go). The heartbeat is fast: an interval of 300 ms, a timeout of 200 ms.
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
	"sync"
	"syscall"
	"time"

	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/transport/engineio"
)

var (
	listen       = flag.String("listen", ":3000", "`address` to listen on")
	pingInterval = flag.Duration("interval", 300*time.Millisecond, "time between pings")
	pingTimeout  = flag.Duration("timeout", 200*time.Millisecond, "time for a pong")
	count        = flag.Int("nodes", 1, "servers that are one; each request reaches the next, or the one that its header Node names")
)

const maxPayload = 1_000_000

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx, *listen); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context, addr string) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	log.Printf("listening on http://%s", l.Addr())
	nodes := newNodes(*count)
	mux := http.NewServeMux()
	mux.HandleFunc("/engine.io/", func(w http.ResponseWriter, r *http.Request) { nodes.choose(r).echo.ServeHTTP(w, r) })
	mux.HandleFunc("/socket.io/", func(w http.ResponseWriter, r *http.Request) { nodes.choose(r).io.ServeHTTP(w, r) })
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = errors.Join(nodes.close(late), server.Close())
	})
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// echo sends messages back.
type echo struct {
	pipe transport.Pipe

	mu    sync.Mutex
	queue []transport.Message // guarded by mu
}

func openEcho(c *engineio.Conn, _ *http.Request, _ http.Header) (transport.Handler, error) {
	return &echo{pipe: c}, nil
}

func (e *echo) Receive(m transport.Message) {
	m.Data = append([]byte(nil), m.Data...)
	e.mu.Lock()
	e.queue = append(e.queue, m)
	e.mu.Unlock()
	e.pipe.Wake()
}

func (e *echo) Drain() (more bool) {
	e.mu.Lock()
	queue := e.queue
	e.queue = nil
	e.mu.Unlock()
	for _, m := range queue {
		_ = e.pipe.Send(m)
	}
	return false
}

func (e *echo) Closed(error) {}

func newSocketIO(link socketio.Link, reasons *reasons) *socketio.Server {
	io := socketio.New(&socketio.Options{
		PingInterval: *pingInterval, PingTimeout: *pingTimeout, MaxPayload: maxPayload, Origins: []string{"*"}, Link: link,
	})
	for _, n := range []*socketio.Namespace{io.Namespace, io.Of("/custom")} {
		n.OnConnection(func(s *socketio.Socket) {
			_ = s.Emit("auth", s.Handshake().Auth)
			s.OnEvent("message", func(e *socketio.Event) { _ = s.Emit("message-back", e.Args) })
			s.OnEvent("message-with-ack", func(e *socketio.Event) { _ = e.Ack(e.Args) })
		})
	}
	play(io, reasons)
	return io
}
