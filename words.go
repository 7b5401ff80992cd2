package veche

import "github.com/vechehq/veche/hub"

// The words of the domain, so that a program needs no other package for them.
type (
	Session = hub.Session // one live client connection
	User    = hub.User    // who acts
	Message = hub.Message // one durable entry of a room
	Draft   = hub.Draft   // a message before it is committed
	Sent    = hub.Sent    // what came of a send
	Signal  = hub.Signal  // what lives for a moment
	Body    = hub.Body    // what messages and signals carry
	Limits  = hub.Limits  // what clients may make the server hold
	Error   = hub.Error   // an error that clients see
)

// The formats of a Body.
const (
	JSON  = hub.JSON
	Text  = hub.Text
	Bytes = hub.Bytes
)

// Refuse returns an error with which an On… function refuses something: the client sees code
// "forbidden" and the message, one English sentence. Any other error than an *Error is told to
// clients as "internal", without its words.
func Refuse(message string) error {
	return &Error{Code: hub.CodeForbidden, Message: message}
}
