package veche

import (
	"crypto/rand"
	"net/http"

	bridge "github.com/vechehq/veche/gateway/socketio"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/transport"
)

// SocketIO returns the server's Socket.IO. Its default namespace is the bridge to rooms (docs/protocol.md), in which a program may
// handle events of its own too; other namespaces are the program's. One that is made Recoverable keeps what it needs in the server's
// store, if that is a hub.Keeper, else in memory: each event for seven days, the last million of a namespace.
func (s *Server) SocketIO() *socketio.Server { return s.socketio }

func (s *Server) newSocketIO(store hub.Store) *socketio.Server {
	var journal socketio.Journal // in memory
	if keeper, ok := store.(bridge.Store); ok {
		journal = bridge.NewJournal(keeper, bridge.JournalOptions{})
	}
	io := socketio.New(&socketio.Options{
		Link:    s.link(),
		Journal: journal,
		Origins: s.config.Origins, Compression: transport.CompressionNoTakeover, Log: s.log,
		Greet: func(r *http.Request, answer http.Header) (any, error) {
			u, err := s.auth.Request(r, answer)
			return bridge.Visitor{User: u, Err: err}, nil
		},
	})
	s.bridge.Serve(io.Namespace)
	return io
}

// speakSocketIO is one request of a Socket.IO client.
func (s *Server) speakSocketIO(w http.ResponseWriter, r *http.Request) { s.socketio.ServeHTTP(w, r) }

// link joins the Socket.IO of nodes by their bus; nil without one.
func (s *Server) link() socketio.Link {
	if s.config.Bus == nil {
		return nil
	}
	return busLink{s.config.Bus, rand.Text()}
}

// busLink is a bus as Socket.IO's link.
type busLink struct {
	bus  hub.Bus
	node string
}

const socketIOTopic = "socket.io"

func (l busLink) Publish(data []byte) {
	l.bus.Publish(hub.Notice{Node: l.node, Topic: socketIOTopic, Data: string(data)})
}

func (l busLink) Subscribe(f func([]byte)) (cancel func()) {
	return l.bus.Subscribe(func(n hub.Notice) {
		if n.Topic == socketIOTopic && n.Node != l.node {
			f([]byte(n.Data))
		}
	})
}
