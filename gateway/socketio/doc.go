// Package socketio is the bridge between Socket.IO and rooms: in a namespace of package socketio (the server's own) a socket is a
// hub session. Its events are the native protocol's requests, and what the session is told arrives as events with the
// native protocol's objects; docs/protocol.md has them.
//
// Enter by [New] and [Gateway.Serve]. Sockets recover after a disconnection from the rooms' own logs (docs/design/007).
//
// It does not authenticate requests, which is done by whoever makes the [Visitor], and it takes only its own events: others
// are for the handlers that a program has set.
package socketio
