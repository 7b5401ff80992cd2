package socketio

import (
	"encoding/json"
	"errors"
	"sync"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// session is a socket's source and its hub session's sink.
type session struct {
	line.Line
	socket *socketio.Socket
	home   *Gateway
	places places // owned by Drain, and by Recover before it

	histories line.Histories

	mu     sync.Mutex // guards what follows; no other is taken under it
	limits int        // requests that failed with CodeLimit
}

// exit is the connection as the line sees it: its end is the socket's. A client that may come back is cut off, because it then
// comes by itself; one that may not is disconnected.
type exit struct {
	transport.Pipe
	socket *socketio.Socket
}

func (e exit) Close(code uint16, reason string) {
	switch code {
	case wire.CloseRestart, wire.CloseTryLater, wire.CloseInternal, wire.CloseLimit:
		e.Pipe.Close(code, reason)
	default:
		e.socket.Disconnect(false)
	}
}

// Ended is the socket's.
func (s *session) Ended(reason string) {
	var err error
	if reason != "transport close" && reason != "client namespace disconnect" {
		err = errors.New("socketio: " + reason)
	}
	s.Closed(err)
}

// End is the hub's: it ends the session.
func (s *session) End(cause error) {
	e := hub.AsError(cause)
	bye := &wire.Bye{Code: string(e.Code), Message: e.Message, Retry: e.Retry}
	if drain, ok := errors.AsType[*hub.Bye](cause); ok {
		bye.After = drain.After
	}
	s.part(bye, cause)
}

// requests are the events of a client that are the bridge's.
var requests = map[string]bool{
	"join": true, "leave": true, "send": true, "signal": true, "receipt": true, "presence": true, "history": true, "hello": true,
}

// Take is the socket's: one event of the client.
func (s *session) Take(e *socketio.Event) bool {
	if !requests[e.Name] {
		return false
	}
	hs, leaving := s.State()
	if leaving {
		return true
	}
	r, err := decode(e)
	if err != nil {
		s.fail(e, "", &hub.Error{Code: hub.CodeBadRequest, Message: err.Reason})
	} else {
		s.request(hs, e, r)
	}
	s.Throttle()
	return true
}

// decode reads an event's object as the native request of its name. Of the same key the last one counts, so no other type can be
// slipped in.
func decode(e *socketio.Event) (wire.Request, *wire.DecodeError) {
	object := e.Args.JSON(0)
	if len(object) < 2 || object[0] != '{' {
		return nil, &wire.DecodeError{Reason: e.Name + " takes one object"}
	}
	text := append([]byte(nil), object[:len(object)-1]...)
	if len(object) > 2 {
		text = append(text, ',')
	}
	text = append(append(append(text, `"type":"`...), e.Name...), `"}`...)
	r, err := wire.Decode(text)
	if err == nil {
		return r, nil
	}
	if de, ok := errors.AsType[*wire.DecodeError](err); ok {
		return nil, de
	}
	return nil, &wire.DecodeError{Reason: err.Error()}
}

// object makes an argument of a native object.
func object(o wire.Event) json.RawMessage { return o.Append(nil) }
