// The echo under siege: a child process of the tests, with short timeouts and as many descriptors as
// it is allowed.

package engine

import (
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vechehq/veche/ws"
)

// What the child is told by its environment, and its only argument's name.
const (
	modeVariable  = "ENGINE_MODE"  // loop or goroutine
	limitVariable = "ENGINE_FILES" // how many descriptors it may have
	soonVariable  = "ENGINE_SOON"  // every timeout
)

// patience is how long anything may take on a busy machine.
const patience = time.Minute

// calm is the path of connections on which nothing is in a hurry: the two who talk while a siege goes on.
const calm = "/calm"

// What makes its handler misbehave.
const (
	panics = "panic"
	exits  = "exit"
)

// child is the child's main. It ends with its standard input.
func child() error {
	n, err := strconv.ParseUint(os.Getenv(limitVariable), 10, 64)
	if err != nil {
		return err
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: n, Max: n}); err != nil {
		return err
	}
	soon, err := time.ParseDuration(os.Getenv(soonVariable))
	if err != nil {
		return err
	}
	o := ws.Options{WriteTimeout: soon, CloseTimeout: soon, PingInterval: soon, SendBuffer: 4 << 20, Log: slog.New(slog.DiscardHandler)}
	if os.Getenv(modeVariable) == "goroutine" {
		o.Mode = ws.ModeGoroutine
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		o := o
		if r.URL.Path == calm {
			o.WriteTimeout, o.PingInterval = patience, 0
		}
		if c, err := ws.Accept(w, r, &ws.AcceptOptions{Options: o, HandshakeTimeout: soon}); err == nil {
			c.Start(echo{})
		}
	}), ReadHeaderTimeout: soon, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	go srv.Serve(ws.Door(l, srv))
	fmt.Println(l.Addr())
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

type echo struct{}

func (echo) Message(c *ws.Conn, typ ws.MessageType, data []byte) {
	switch string(data) {
	case panics:
		panic(panics)
	case exits:
		runtime.Goexit()
	}
	if err := c.Send(typ, data); err != nil {
		c.Shut(ws.StatusTryLater, "too slow")
	}
}

func (echo) Closed(*ws.Conn, error) {}
