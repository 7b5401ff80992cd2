// Door: the ways into the server, all alike from here on.

package doors

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/vechehq/veche/wire/native"
)

// Door is a way into a room.
type Door interface {
	// Name is what people call it by.
	Name() string
	// Lingers is how long the server may take somebody for present who has vanished without a word.
	Lingers() time.Duration
	// Open connects, and asks for the room. ctx is for the opening only. Nothing is told to ear before the line is
	// started, and nothing at all when Open fails.
	Open(ctx context.Context, v Visit, ear Ear) (Line, error)
}

// Visit is who comes, from where it goes on, and how.
type Visit struct {
	*Way
	Token  string // "" for a guest
	Resume string // of the last welcome: a guest stays who it was, where the door tells a welcome
	Room   string
	Replay bool   // everything after Last is wanted; else what comes from now on
	Last   uint64 // of Replay
	Epoch  string // of Last; "" at first
	// Decode reads what the server said. Default: native.DecodeEvent.
	Decode func(object []byte) (native.Event, error)
}

// Way is what visits of the same client, or of many, have in common.
type Way struct {
	URL     string        // of the server: http:// or https://, and a host
	HTTP    *http.Client  // for what is plain HTTP; it must not have a timeout
	Gather  time.Duration // how long a door of plain HTTP rests between two requests, so that several things go in one
	Waiting bool          // Ear's methods may wait
	// Dial makes a WebSocket's connection. Default: a net.Dialer's.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
}

// Line is an open way. Its methods do not wait.
type Line interface {
	// Start has ear told whatever the server says, and in the end why there is no more. It is called once.
	Start()
	// Say makes requests, in order, once the room has been joined. They are answered by events with their ids, or never
	// if the line ends. What the door has no words for is dropped.
	Say(rs ...native.Request)
	// Close ends the line as a network would; Ended follows if it was started.
	Close()
}

// Ear is told what the server says. Its methods may be called by several goroutines.
type Ear interface {
	Hear(e native.Event)
	// Wrong is told of what the server should not have said, for it is none of the door's words.
	Wrong(err error)
	// Ended is called once, after everything else; the error is never nil.
	Ended(err error)
}

// mute is what a door may also be.
type mute interface{ mute() }

// Mute reports whether a door's clients are told neither acknowledgements nor anything but messages, and have no cid:
// what they send cannot be repeated.
func Mute(d Door) bool { _, ok := d.(mute); return ok }

// KeepsGuests reports whether a guest who comes again by a door can be who it was, by the resume of its welcome.
func KeepsGuests(d Door) bool {
	switch d.(type) {
	case webSocket, events, polling:
		return true
	}
	return false
}

var all = []Door{webSocket{}, events{}, polling{}, raw{}, socketIO{}, socketIOPolling{}, socketIOUpgrade{}}

// Names are the doors that there are.
func Names() (names []string) {
	for _, d := range all {
		names = append(names, d.Name())
	}
	return names
}

// Named returns a door by its name, nil if there is none of it.
func Named(name string) Door {
	for _, d := range all {
		if d.Name() == name {
			return d
		}
	}
	return nil
}

// join is the request that goes on from where the visit is.
func (v *Visit) join() *native.Join {
	return &native.Join{ID: "0", Room: v.Room, Since: int64(v.Last), Replay: v.Replay, Epoch: v.Epoch}
}

// header has who comes, if it is no guest.
func (v *Visit) header() http.Header {
	h := http.Header{}
	if v.Token != "" {
		h.Set("Authorization", "Bearer "+v.Token)
	}
	return h
}

// tell tells an object, or that it is none.
func (v *Visit) tell(ear Ear, object []byte) {
	decode := v.Decode
	if decode == nil {
		decode = native.DecodeEvent
	}
	e, err := decode(object)
	switch {
	case err != nil:
		ear.Wrong(unreadable(object, err))
	case e != nil:
		ear.Hear(e)
	}
}
