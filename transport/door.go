package transport

import (
	"context"
	"net"
	"net/http"

	"github.com/vechehq/veche/ws"
)

// Door is a listener for a server without TLS whose handler is, at least in part, a WebSocket's Serve:
// upgrades that come through it cost less than half of what they would cost net/http, and so do the GETs
// of paths, which may be deferred. Everything else is as it was. See ws.Door.
func Door(l net.Listener, srv *http.Server, paths ...string) net.Listener {
	return ws.Door(l, srv, paths...)
}

// DoorContext is for the server's BaseContext: it lets Adopt find the Door.
func DoorContext(l net.Listener) context.Context { return ws.DoorContext(l) }

// Deferred is a request whose handler returns before it has answered. See ws.Deferred.
type Deferred = ws.Deferred

// Defer lets the handler of a request that a Door answers return before it has answered.
func Defer(w http.ResponseWriter) (Deferred, bool) { return ws.Defer(w) }

// Adopt takes a request that has long to wait from net/http, and gives it to the Door through which it came.
// It costs as much as a request.
func Adopt(w http.ResponseWriter, r *http.Request) (Deferred, bool) { return ws.Adopt(w, r) }
