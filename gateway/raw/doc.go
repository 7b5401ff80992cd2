// Package raw is the gateway without a protocol: each message of a client is the body of a message of
// one room, and each message of the room arrives as one message. docs/protocol.md, "The raw door", is
// its text.
//
// Enter by [New], then [Gateway.Open] for each client's pipe. What is refused closes the pipe with a
// code and a reason, because there is nothing else to tell it with.
//
// A reader that is slow loses nothing: it is caught up from the room's log. The gateway tells no
// signals, receipts, presence or acknowledgements.
package raw
