// Package transport carries messages between one client and one gateway session, whichever way the
// client came: a [Pipe] goes out, a [Handler] gets what comes in.
//
// Enter by [NewWebSocket] and [WebSocket.Serve], [NewSSE] and [SSE.Serve], or [NewLongPoll] and
// [LongPoll.Ask], inside an HTTP handler. The session on the pipe's
// other end is pushed to and never waits: the same session runs on a goroutine, on an event loop, or
// on a waiting poll.
//
// The package reads no message and knows no room, no user and no gateway. It queues nothing by itself
// beyond what one turn could not write: a handler keeps what it has to say until it is drained.
package transport
