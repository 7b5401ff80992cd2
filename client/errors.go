package client

import (
	"errors"
	"fmt"

	"github.com/vechehq/veche/wire/native"
)

// Error is what the server answered in the protocol's words.
type Error struct {
	Code    string // for programs: "forbidden", "too_large" …, docs/protocol.md has the list
	Message string // for people, one English sentence
	Retry   bool   // the same may succeed later
}

func (e *Error) Error() string { return fmt.Sprintf("veche: %s: %s", e.Code, e.Message) }

var (
	// ErrClosed is returned after Client.Close.
	ErrClosed = errors.New("veche: the client is closed")
	// ErrLeft is returned after Room.Leave.
	ErrLeft = errors.New("veche: the room was left")
	// ErrJoined is returned for a room that the client is in already.
	ErrJoined = errors.New("veche: the room is joined already")
	// ErrDiscarded is returned for a message that was taken back by Pending.Discard.
	ErrDiscarded = errors.New("veche: the message was discarded")
)

// errLost answers what was asked on a connection that has ended: what happened is open.
var errLost = errors.New("veche: the connection was lost")

// errOdd is for an answer that does not fit its question.
var errOdd = errors.New("veche: the server answered something else than it was asked")

func errorOf(e *native.Error) *Error {
	return &Error{Code: e.Code, Message: e.Message, Retry: e.Retry}
}

func badRequest(format string, args ...any) *Error {
	return &Error{Code: "bad_request", Message: fmt.Sprintf(format, args...)}
}

// mayRetry reports whether the same request may succeed later.
func mayRetry(err error) bool {
	e, ok := errors.AsType[*Error](err)
	return ok && e.Retry
}
