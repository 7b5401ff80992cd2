package ws

import (
	"context"
	"net"
	"net/http"
)

// Deferred is the http.ResponseWriter of a request whose handler may return before it has answered, so that waiting costs
// no goroutine. It is used by one goroutine at a time.
type Deferred interface {
	http.ResponseWriter

	// OnLeave has f called when the client closes its side before Done, at once if it has. f must not block.
	OnLeave(f func())
	// Done sends what was written, and never blocks. It must be called, once, also after the client has left.
	Done()
}

// Defer lets the handler of a request that has come through a [Door], by one of the door's paths, return before it has
// answered. ok is false for all other requests.
func Defer(w http.ResponseWriter) (d Deferred, ok bool) {
	for {
		switch t := w.(type) {
		case deferrer:
			return t.deferReply(), true
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil, false
		}
	}
}

// deferrer is a ResponseWriter of a door.
type deferrer interface{ deferReply() Deferred }

// Adopt is Defer for a request that net/http serves: it takes the connection over, with the headers that are set on w, and
// gives it to the Door through which it came, where the next requests are served. Of those it costs about as much as one.
// w is not to be used any more if ok is true.
//
// The door must be known from the request's context: see [DoorContext]. ok is false without one, over HTTP/2 and
// HTTP/1.0, if the client wants the connection to be closed, and when the door is.
func Adopt(w http.ResponseWriter, r *http.Request) (d Deferred, ok bool) {
	door, _ := r.Context().Value(doorKey{}).(adopter)
	if door == nil || r.TLS != nil || r.Close || r.ProtoMajor != 1 || r.ProtoMinor < 1 {
		return nil, false
	}
	return door.adopt(w, r)
}

type adopter interface {
	adopt(w http.ResponseWriter, r *http.Request) (Deferred, bool)
}

type doorKey struct{}

// DoorContext is for http.Server.BaseContext: it lets Adopt find the Door.
func DoorContext(l net.Listener) context.Context {
	if d, ok := l.(adopter); ok {
		return context.WithValue(context.Background(), doorKey{}, d)
	}
	return context.Background()
}
