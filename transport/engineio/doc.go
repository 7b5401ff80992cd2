// Package engineio is the Engine.IO 4 transport: clients that come by HTTP long-polling, by WebSocket, or by the
// first and change to the second.
//
// Enter by [NewServer]; a [Server] is an http.Handler for one path, such as /socket.io/. Each client is a [Conn], which
// is a transport.Pipe, with a transport.Handler on its other end: a handler does not see how its client comes. Text
// and binary messages are the client's; packets, heartbeat, probe and upgrade are the package's.
//
// # Who drains
//
// On a WebSocket the engine does. A client that polls drains its handler by its waiting GET, and answers it with what
// the handler sends then; while no GET waits the handler is not drained. A POST delivers its packets one at a time, and
// waits while the pipe is paused.
//
// # Bounds
//
// A request's body and a WebSocket message have MaxPayload bytes at most: above it 413, and close 1009. A client has
// one GET and one POST under way; a second one ends the connection, as the protocol has it. A client that is silent
// for PingTimeout after a ping is gone. There are at most Connections connections; above that, and while the server closes, 403. An upgrade that is
// not completed in UpgradeTimeout is given up.
//
// # Nodes
//
// With a [Link] a request that reaches another node than the client's is served by the client's, if that is there: no
// sticky sessions are needed. A WebSocket that takes over a polling connection of another node stays where it came in, and its
// frames go over the Link, a turn or 256 KiB at a time; what the Link loses ends the connection, at once or by the heartbeat. When
// the node is gone the client is told so, and comes anew. At most 4,096 such requests and as many WebSockets are under way.
//
// The package knows nothing of Socket.IO, of rooms, or of users.
package engineio
