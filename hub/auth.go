package hub

import "time"

// User is who acts, as whoever authenticated them says.
type User struct {
	ID      string
	Name    string         // shown to people; at most MaxName bytes
	Guest   bool           // made up on arrival, no credential behind it
	Expires time.Time      // when the credential ends; zero for never
	Claims  map[string]any // what else the credential said; not to be changed
}

// Action is what an Authorizer is asked about.
type Action string

const (
	ActJoin    Action = "join"
	ActSend    Action = "send"
	ActSignal  Action = "signal"
	ActHistory Action = "history"
)

// Authorizer decides who may do what where. It is asked on every such call, so it must be quick and
// must not block. It returns nil or an error to refuse with, best an *Error.
type Authorizer interface {
	Authorize(u User, a Action, room string) error
}
