// The keeper: a server with a recoverable namespace, which is this test's own binary.

package socketio

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	bridge "github.com/vechehq/veche/gateway/socketio"
	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/store/sqlite"
)

// keep serves on an address until it is killed, with the journal in dir, in memory without one.
func keep(addr, dir string) error {
	options := &socketio.Options{Recovery: &socketio.RecoveryOptions{MaxDisconnection: time.Minute, SkipMiddleware: true}}
	if dir != "" {
		store, err := sqlite.Open(filepath.Join(dir, "kept.db"), nil)
		if err != nil {
			return err
		}
		defer func() { _ = store.Close(context.Background()) }()
		options.Journal = bridge.NewJournal(store, bridge.JournalOptions{})
	}
	io := socketio.New(options)
	io.Use(func(s *socketio.Socket) error {
		if s.Handshake().Query.Get("late") != "" {
			return &socketio.Error{Message: "only who comes back"}
		}
		return nil
	})
	io.OnConnection(func(s *socketio.Socket) {
		s.On("join", func(room string, ack socketio.Ack) { s.Join(room); _ = ack() })
		s.On("name", func(name string, ack socketio.Ack) { s.Data = name; s.Save(); _ = ack() })
		s.On("who", func(ack socketio.Ack) { _ = ack(s.Data, s.Rooms()[1:], s.Recovered()) })
		s.On("say", func(room, text string) error { return io.To(room).Emit("said", text) })
		s.On("others", func(room, text string) error { return s.To(room).Emit("said", text) })
		s.On("loose", func(text string) error { return s.EmitVolatile("loose", text) })
		s.On("bytes", func(room string, data []byte) error { return io.To(room).Emit("said", data) })
	})
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	fmt.Printf("http://%s\n", l.Addr())
	return (&http.Server{Handler: io, ReadHeaderTimeout: 10 * time.Second}).Serve(l)
}
