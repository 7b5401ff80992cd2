// Package line has what all gateways have in common: the [Line] between a client's pipe and its
// hub session. It reads from the client only while the session has room for answers, empties the
// outbox when the pipe has room, and says a last word that really is the last. [Histories] and [Page] bound
// answers to history.
//
// It knows no protocol; those are the packages beside it.
package line
