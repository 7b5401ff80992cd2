// Package client is a client of Veche's native protocol, veche.v1, for Go programs: rooms that lose
// nothing and double nothing over a network that does both. docs/protocol.md, section 6, says what it
// holds to.
//
// Enter by [Dial], which waits for the server, or by [Connect], which does not:
//
//	c, err := client.Dial(ctx, "ws://localhost:8080", nil)
//	if err != nil {
//		return err
//	}
//	defer c.Close()
//	room, err := c.Join(ctx, "general", client.Last(20))
//	if err != nil {
//		return err
//	}
//	if _, err := room.Send(ctx, "hello"); err != nil {
//		return err
//	}
//	for e, err := range room.Events(ctx) {
//		if err != nil {
//			return err
//		}
//		switch e := e.(type) {
//		case *client.Message:
//			fmt.Println(e.Seq, e.From, e.Body.Text())
//		case *client.Gap:
//			fmt.Println("the log no longer has", e.From, "to", e.To)
//		}
//	}
//
// # The connection
//
// It comes back by itself, with exponential backoff and full jitter or when the server said to, until
// [Client.Close] or until the server says that coming back makes no sense ([Client.Err] tells). Rooms
// are joined again where they were left. A connection on which nothing arrives for the server's ping
// interval is given up; it is asked before. Calls wait for the connection as long as their
// context allows; no call fails because the network was away for a moment.
//
// # Messages
//
// [Room.Next] and [Room.Events] give a room's messages in the order of seq, each once, also over
// reconnects; a [Gap] tells what cannot be had any more. A program that goes on after its own restart
// keeps [Room.Position] and begins with [After].
//
// [Room.Send] returns when the message is on the server's disk. What was not acknowledged is sent again,
// with the same cid and in the same order, so it is stored once. [Room.Post] does not wait, for programs
// that keep many messages under way. Messages live in memory until then: a program whose messages shall
// survive its own end keeps them, each with a CID of its own, and posts them again as the same user (a
// token, or [Options].Resume for a guest).
//
// # Bounds, and who is slow
//
// Nothing here grows without bound, and a program that does not read holds up nobody:
//
//   - A room's events wait in a queue of 256 events or 1 MiB, and beyond it 256 messages or 1 MiB that
//     came meanwhile. What more comes is let go, and read from the server's log when there is room
//     again: nothing is lost. From half of that queue on signals and receipts are dropped, and presence
//     is told whole when there is room.
//   - Unsent messages are at most 1,000, or 16 MiB, of all rooms; [Room.Send] and [Room.Post] wait for
//     room. 32 of a room are under way at once.
//   - Signals to the user, [Client.Signals], are at most 64; the oldest are dropped. Signals are not sent
//     while 64 KiB wait to leave.
//   - The connection's own queue is 1 MiB, an object at most what the server allows (1 MiB).
//
// Everything is safe for concurrent use. Nothing is called back: the package starts goroutines of its
// own, and Close waits for them.
//
// # What it does not do
//
// It speaks WebSocket only, not the SSE and long-polling that a browser may have to fall back to; and it
// keeps nothing on disk.
package client
