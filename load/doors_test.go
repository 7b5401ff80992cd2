package load

import (
	"context"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/internal/doors"
)

// By every door a crowd talks, loses its connections, comes back, and finds everything, at the server itself.
func TestEveryDoor(t *testing.T) {
	for _, door := range Doors() {
		t.Run(door, func(t *testing.T) {
			t.Parallel()
			s, err := Run(t.Context(), Config{
				URL: "http://" + serveRooms(t), Door: door, Clients: 20, Rooms: 2, Rate: 60, Duration: 1500 * time.Millisecond,
				Receipts: 500 * time.Millisecond, Wave: 0.5, WaveEvery: time.Second, Waves: 1,
			})
			if err != nil {
				t.Fatal(err)
			}
			if s.Violations > 0 || s.Unanswered > 0 || s.Unsent > 0 {
				t.Errorf("%v; %+v", s.Broken, s)
			}
			if s.Sends == 0 || s.Checked != int(s.Acks) || s.Connected != 20 || s.Reconnects < 10 {
				t.Errorf("%+v", s)
			}
			if keeps := doors.KeepsGuests(doors.Named(door)); keeps && (s.Acks != s.Sends || s.Receipts == 0 || s.Signals == 0) {
				t.Errorf("%+v", s)
			}
		})
	}
}

// serveRooms runs a server and returns its address.
func serveRooms(t *testing.T) string {
	srv, err := veche.New(veche.Config{InMemory: true, Log: slog.New(slog.DiscardHandler), Spread: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // who polled and vanished is not waited for
		_ = srv.Close(ctx)
		<-served
	})
	return l.Addr().String()
}
