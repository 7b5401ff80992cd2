// Package hub is the domain: rooms, messages, sessions, presence, receipts and signals, and the
// promises about them. It knows no wire protocol, no transport and no database; it imports the
// standard library only.
//
// Enter by [New], then [Hub.Connect] for each client. A [Session] is what a gateway holds: its calls
// (Join, Send, Receipt …) never block, and what the hub has to say comes back through the session's
// outbox, in order: the hub wakes the gateway's [Sink], the gateway takes events when its pipe has
// room for them ([Session.Take]).
//
// # Lock order
//
// room → hub, and room → session: whoever holds a room's mutex may take the hub's or a session's, never
// the other way round, and nobody holds two rooms'. A session's mutex may be held while the hub's is
// taken. Nothing calls out of the package with a lock held, except
// [Sink.Wake] and [Bus.Publish], whose contracts forbid them to call back.
package hub
