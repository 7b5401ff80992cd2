package veche

import (
	"net/http"

	bridge "github.com/vechehq/veche/gateway/socketio"
	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/transport"
)

// SocketIO returns the server's Socket.IO. Its default namespace is the bridge to rooms (docs/protocol.md), in which a program may
// handle events of its own too; other namespaces are the program's.
func (s *Server) SocketIO() *socketio.Server { return s.socketio }

func (s *Server) newSocketIO() *socketio.Server {
	io := socketio.New(&socketio.Options{
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
