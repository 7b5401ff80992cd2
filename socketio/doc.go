// Package socketio is a Socket.IO server for Go programs: the protocol's revision 5 over Engine.IO 4, as spoken by
// socket.io-client 3 and 4 and its kin in other languages, with the shape that Socket.IO's users know.
//
// Enter by [New]. A [Server] is an http.Handler for the path /socket.io/:
//
//	io := socketio.New(nil)
//	io.OnConnection(func(s *socketio.Socket) {
//		s.On("chat", func(room, text string) {
//			io.To(room).Emit("chat", text)
//		})
//		s.On("join", func(room string, ack socketio.Ack) {
//			s.Join(room)
//			ack("joined")
//		})
//	})
//	http.Handle("/socket.io/", io)
//
// Clients may speak JSON or MessagePack (socket.io-msgpack-parser); each is recognised by its first packet. A broadcast is
// encoded once for each of the two, not once per socket.
//
// # Handlers
//
// A socket's handlers are called one after another, in the order of its events, on a goroutine of the socket's that lives
// while events wait; they may block. A handler's parameters are decoded from the event's arguments, as encoding/json
// does; []byte takes a binary argument, and a last parameter of type [Ack] answers. What a handler returns answers too.
// [On] and [Reply] are the same with types that the compiler checks.
//
// # Bounds
//
// What waits for a client is at most Options.Buffer; a client above it is cut off, and comes back. Volatile events are dropped
// instead. At most 256 events of a socket wait for their handlers: above it the client is not read. A client is in at
// most 64 namespaces, 256 rooms each; a socket waits for at most 4,096 acknowledgements. A client that joins no
// namespace in Options.ConnectTimeout is sent away; there are at most 10,000 of these, and who has waited longest makes place.
//
// # Recovery and nodes
//
// With [Options.Recovery], or [Namespace.Recoverable], sockets come back after a disconnection as who they were, with what they have
// missed. With [Options.Link] several servers are one: what is emitted reaches the sockets of all, and [Broadcast.FetchSockets],
// [Broadcast.EmitWithAck], SocketsJoin, SocketsLeave and DisconnectSockets are about all. Local and Sockets are about one.
//
// # For who knows npm's server
//
// Names and behaviour are npm's. What has another shape in Go:
//
//   - timeout: EmitWithAck takes a context. socket.volatile: Socket.EmitVolatile. socket.request: Handshake, and what Greet has seen.
//   - allowRequest, initial_headers: Options.Greet. headers, engine.use: an http.Handler around the Server, which also chooses the path.
//   - connection_error: Options.Refused. new_namespace: Server.OnNamespace. The adapter's create-room, join-room and so on:
//     Namespace.OnRoom. socket.conn's upgrade: Socket.OnUpgrade.
//   - connectionStateRecovery: Recoverable, with a Journal. An adapter: a Link. engine.clientsCount: Connections.
//   - allSockets, fetchSockets, sockets: FetchSockets, of all nodes, and Sockets, of this one.
//
// Left out on purpose: compress, since the engine decides by a message's size, and the compression of polls, which is a
// proxy's; generateId, since a sid is a secret that names its node; listenerCount and the like; a parent's namespace that is kept
// when its last socket has left; WebTransport.
//
// What the package does not do: Engine.IO 3, and so clients before socket.io-client 3; serving the client's script;
// rooms that last, which are hub's (package gateway/socketio is the bridge to them).
package socketio
