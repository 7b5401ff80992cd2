// Command socketio-game is a field on which everybody is a dot: keys go up as one byte, twenty times a second the whole field comes
// down as bytes, in a room that lives in memory. Who comes by a plain WebSocket is in the same room.
//
//	npm start      then open http://localhost:3000 in two windows
package main

import (
	"context"
	"embed"
	"encoding/binary"
	"flag"
	"log"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/socketio"
)

//go:embed index.html
var page embed.FS

const (
	room = "memory:field"
	tick = 50 * time.Millisecond
	size = 1000 // of the field, each way
	step = 12   // of a dot in a tick
)

// The bits of an input.
const (
	left = 1 << iota
	right
	up
	down
)

// field is where the dots are.
type field struct {
	mu   sync.Mutex
	last uint16
	dots map[uint16]*dot // guarded by mu
}

type dot struct {
	x, y int
	keys byte
}

var (
	listen = flag.String("listen", "localhost:3000", "`address` to listen on")
	dist   = flag.String("client", "node_modules/socket.io-client/dist", "`directory` of the client's bundle, as npm installs it")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	srv, err := veche.New(veche.Config{InMemory: true})
	if err != nil {
		log.Fatal(err)
	}
	f := &field{dots: make(map[uint16]*dot)}
	srv.SocketIO().OnConnection(f.enter)
	go f.run(ctx, srv.Room(room))

	mux := http.NewServeMux()
	mux.Handle("/socket.io/", srv)
	mux.Handle("/ws", srv)
	mux.Handle("/socket.io/socket.io.js", http.StripPrefix("/socket.io", http.FileServer(http.Dir(*dist))))
	mux.Handle("/", http.FileServerFS(page))
	server := &http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	context.AfterFunc(ctx, func() {
		late, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = srv.Close(late)
		_ = server.Close()
	})
	log.Printf("open http://%[1]s · откройте http://%[1]s", *listen)
	if err := server.ListenAndServe(); ctx.Err() == nil {
		log.Fatal(err)
	}
}

// enter gives a player a dot, which goes with them.
func (f *field) enter(s *socketio.Socket) {
	f.mu.Lock()
	f.last++
	id := f.last
	d := &dot{x: size / 2, y: size / 2}
	f.dots[id] = d
	f.mu.Unlock()
	_ = s.Emit("you", id)
	s.On("input", func(keys []byte) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(keys) == 1 {
			d.keys = keys[0]
		}
	})
	s.On("disconnect", func(string) {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.dots, id)
	})
}

// run moves the field on and tells everybody in the room.
func (f *field) run(ctx context.Context, r veche.Room) {
	t := time.NewTicker(tick)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			if err := r.Signal("tick", f.move()); err != nil {
				log.Print(err)
			}
		case <-ctx.Done():
			return
		}
	}
}

// move returns the field after one step: for each dot its id, x and y, 16 bits each, big-endian.
func (f *field) move() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	state := make([]byte, 0, 6*len(f.dots))
	for id, d := range f.dots {
		d.x = moved(d.x, d.keys&left != 0, d.keys&right != 0)
		d.y = moved(d.y, d.keys&up != 0, d.keys&down != 0)
		state = binary.BigEndian.AppendUint16(state, id)
		state = binary.BigEndian.AppendUint16(state, uint16(d.x))
		state = binary.BigEndian.AppendUint16(state, uint16(d.y))
	}
	return state
}

func moved(at int, less, more bool) int {
	if less {
		at -= step
	}
	if more {
		at += step
	}
	return min(max(at, 0), size)
}
