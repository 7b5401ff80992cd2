// Package engineio is the codec of Engine.IO, protocol revision 4: packets as WebSocket messages and as parts
// of a long-polling payload, the handshake, and the refusals.
//
// Enter by [Decode] for a text message, [Payload] for the body of a request, and [Packet.Append] and
// [AppendPart] for what goes on the wire. A binary WebSocket message is a [Message] packet as it is.
//
// The package does no I/O and holds no state. It does not judge whether a packet may come now or in this direction,
// and it does not speak revision 3: those clients get [UnsupportedVersion].
package engineio
