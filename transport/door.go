package transport

import (
	"net"
	"net/http"

	"github.com/vechehq/veche/ws"
)

// Door is a listener for a server without TLS whose handler is, at least in part, a WebSocket's Serve:
// upgrades that come through it cost less than half of what they would cost net/http, and everything
// else is as it was. See ws.Door.
func Door(l net.Listener, srv *http.Server) net.Listener { return ws.Door(l, srv) }
