package hub

import "errors"

// Code names an error on every wire. docs/protocol.md lists them.
type Code string

const (
	CodeBadRequest   Code = "bad_request"  // the request itself is wrong; do not repeat it
	CodeUnauthorized Code = "unauthorized" // the credential is missing, malformed or not ours
	CodeExpired      Code = "expired"      // the credential was good and is no longer
	CodeForbidden    Code = "forbidden"    // known, but not allowed
	CodeNotJoined    Code = "not_joined"   // the session is not in that room
	CodeTooLarge     Code = "too_large"    // above a size limit
	CodeLimit        Code = "limit"        // above a count limit
	CodeBusy         Code = "busy"         // a queue is full; try again
	CodeUnavailable  Code = "unavailable"  // the store failed; try again, with the same cid
	CodeDraining     Code = "drain"        // the server is going away; reconnect
	CodeReplaced     Code = "replaced"     // the same session came back over another connection
	CodeSlow         Code = "slow"         // the client does not read
	CodeClosed       Code = "closed"       // the session has ended
	CodeInternal     Code = "internal"     // our fault
)

// Error is an error that clients see. It never carries internals.
type Error struct {
	Code    Code
	Message string // one English sentence
	Retry   bool   // the same request may succeed later
}

func (e *Error) Error() string { return string(e.Code) + ": " + e.Message }

// Is makes errors.Is(err, ErrBusy) compare by code.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code
}

// Sentinels to compare with by errors.Is; the messages of actual errors say more.
var (
	ErrBusy        = &Error{Code: CodeBusy, Message: "too much at once, try again", Retry: true}
	ErrClosed      = &Error{Code: CodeClosed, Message: "the session has ended", Retry: true}
	ErrForbidden   = &Error{Code: CodeForbidden, Message: "you may not do that here"}
	ErrNotJoined   = &Error{Code: CodeNotJoined, Message: "join the room first"}
	ErrUnavailable = &Error{Code: CodeUnavailable, Message: "the message could not be stored, try again", Retry: true}
	ErrDraining    = &Error{Code: CodeDraining, Message: "the server is going away, reconnect", Retry: true}
	ErrExpired     = &Error{Code: CodeExpired, Message: "the token has expired"}
	ErrReplaced    = &Error{Code: CodeReplaced, Message: "the session continued over another connection"}
)

// AsError returns err as one that may be shown to a client: itself if it is an *Error, else a
// CodeInternal that says nothing.
func AsError(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: CodeInternal, Message: "something went wrong on the server", Retry: true}
}
