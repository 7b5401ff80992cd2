// Doors: the ways into the server, all alike from here on.

package prove

import (
	"context"
	"net/http"

	"github.com/vechehq/veche/wire/native"
)

// Door is a way into a room. A protocol that the server learns gets a Door here, and takes part in every run.
type Door interface {
	// Name is what --doors knows it by.
	Name() string
	// Open connects as a user and joins a room where the visit says. The line tells ear whatever the server says, and
	// in the end why there is no more. When Open fails it tells nothing. ctx is for the opening only.
	Open(ctx context.Context, v Visit, ear Ear) (Line, error)
}

// Visit is who comes, and from where it goes on.
type Visit struct {
	Addr  string // host:port
	Token string
	Room  string
	Last  uint64 // everything after it is wanted
	Epoch string // of Last; "" at first
	HTTP  *http.Client
}

// Line is an open way. Its methods do not wait.
type Line interface {
	// Say makes requests, in order. They are answered by events with their ids, or never if the line ends.
	Say(rs ...native.Request)
	// Close ends it; Ear.Ended follows.
	Close()
}

// Ear is told what the server says. Its methods may wait, and may be called by several goroutines.
type Ear interface {
	Hear(e native.Event)
	// Ended is called once, after the last Hear and by the last goroutine; the error is never nil.
	Ended(err error)
}

// mute is what a door may also be: its clients are told neither acknowledgements nor anything but messages.
type mute interface{ Mute() }

// doors are all that there are, in the order in which clients are given one.
var doors = []Door{webSocket{}, events{}, polling{}, rawDoor{}, socketIO{}}

// DoorNames are the doors that a run can use.
func DoorNames() (names []string) {
	for _, d := range doors {
		names = append(names, d.Name())
	}
	return names
}

func doorNamed(name string) Door {
	for _, d := range doors {
		if d.Name() == name {
			return d
		}
	}
	panic("prove: no door " + name) // Options were checked
}

// withID gives an answer the id of its request, where the door has another way to tell which it is.
func withID(e native.Event, id native.ID) native.Event {
	switch e := e.(type) {
	case *native.OK:
		e.ID = id
	case *native.JoinOK:
		e.ID = id
	case *native.SendOK:
		e.ID = id
	case *native.PresenceOK:
		e.ID = id
	case *native.HistoryOK:
		e.ID = id
	case *native.Pong:
		e.ID = id
	case *native.Error:
		e.ID = id
	}
	return e
}
