package ws

import (
	"net"
	"net/http"
)

// Door is a listener for srv that answers WebSocket handshakes by itself, at less than half of what
// they cost net/http, and leaves everything else to it:
//
//	err := srv.Serve(ws.Door(l, srv))
//
// A connection whose first request is an ordinary handshake (a complete GET of HTTP/1.1 with all the
// headers that RFC 6455 wants, each once) is handed to srv.Handler in a goroutine that lives as long as
// the call. There [Accept] takes it over as ever, and so does http.Hijacker; any other answer is
// written in full, and the connection goes on in net/http. All other connections go to net/http with
// every byte they have sent, and so does whatever is unusual, so that one reader decides what it means:
// other methods and versions, HTTP/2, a body, Expect, folded or repeated headers, a head above 16 KiB.
//
// What srv says counts on both sides: Handler, ErrorLog, BaseContext, MaxHeaderBytes, WriteTimeout for
// answers, and ReadHeaderTimeout (else ReadTimeout) for who does not come to the end of a request. Who is
// silent longer than that is let go; when srv has no timeout, net/http gets the waiting after 10 s.
// Close and Shutdown of srv end the waiting too; they do not wait for handlers that run here.
//
// The handshakes differ from net/http's in one point: their context ends when the handler returns, and
// not when the client leaves before that.
//
// Of plain GETs, those without a body, Door answers the ones of paths in the same way, on connections that stay: a
// connection costs no goroutine and no buffer between two of them, nor while an answer is deferred (see [Defer]). Their
// handlers may do what others may, but not hijack. A deferred answer leaves without waiting for a
// client that does not take it: up to 4 MiB are kept for it, for WriteTimeout (else a minute). A connection that
// is silent for longer than IdleTimeout (else ReadTimeout) is closed; the next request may be any other.
//
// Door takes over l: closing what it returns closes l. It works on plain TCP listeners on Linux;
// otherwise, or when srv has ConnState or ConnContext, which want to know every connection, it returns l
// as it is. It is not for ServeTLS.
func Door(l net.Listener, srv *http.Server, paths ...string) net.Listener {
	if srv.ConnState != nil || srv.ConnContext != nil {
		return l
	}
	if d := newDoor(l, srv, paths); d != nil {
		return d
	}
	return l
}
