// Package ws is a WebSocket engine: RFC 6455 for servers and clients, with permessage-deflate
// (RFC 7692), over HTTP/1.1 and HTTP/2 (RFC 8441). Its README.md leads in by examples.
//
// A server enters by [Accept] inside an HTTP handler, a client by [Dial]. What they return can be
// used in one of two forms:
//
//   - the pull form: [Conn.Read], [Conn.Write] and [Conn.Close], which block and obey a context;
//   - the push form: [Conn.Start] gives the connection a [Handler], which is called for each message,
//     and [Conn.Send], [Broadcast], [Conn.Wake] and [Conn.Shut] never block. A program that holds very many
//     connections wants this one.
//
// [Door] before a server's listener makes handshakes cheap, and polls that wait ([Defer]).
//
// The package checks all that the RFCs demand of a peer and answers what is broken with the close
// code that they name. Errors are typed: [*CloseError] when the peer ended the connection,
// [*ProtocolError] when a side broke the protocol, [*TooBigError], [*TimeoutError],
// [*HandshakeError], and the sentinels [ErrClosed] and [ErrSendBuffer].
//
// # Two modes
//
// In the push form a plain TCP or Unix socket on Linux is served by an event loop: one goroutine per
// processor that reads, calls handlers and writes for thousands of connections. Every other connection
// (TLS, other systems, other kinds of net.Conn) has a goroutine of its own. Both give the same results;
// they differ in speed and memory. On a loop a handler that blocks holds up the other connections of
// its loop: wrap it in [Serial], which calls it by a goroutine, in order, and pauses the connection when
// too much waits. [ModeGoroutine] does without loops.
//
// A handler that panics ends its own connection, with [StatusInternal] and a [*PanicError].
//
// # Bounds
//
// A message is at most MaxMessage (1 MiB unless set otherwise), also after decompression, and takes
// memory only as its bytes arrive. What waits to be sent is at most SendBuffer. A peer that makes no
// progress for WriteTimeout is dropped. On a loop deadlines are kept at most 100 ms late. An idle
// connection owns no buffers, except where it needs one to wait in (TLS, connections that are not
// sockets: 4 KiB) and what context takeover keeps when it was negotiated (at most 32 KiB to read and
// 4 KiB to write).
//
// When thousands of connections have come and then hardly any more, the runtime is asked to give the
// garbage of that back to the system (debug.FreeOSMemory), at most once in 5 s, and not where more than
// 256 MiB are in use.
//
// # What it does not do
//
// It does not route, reconnect, queue without bound, stream a message in parts, or know of rooms. It
// sends each message as one frame. It does not follow redirects or speak SOCKS.
package ws
