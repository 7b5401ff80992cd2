// Package socketio is the codec of the Socket.IO protocol, revision 5: packets as text with binary attachments, and
// as the MessagePack of socket.io-msgpack-parser.
//
// Enter by [Decoder], which takes the messages of one client in turn and puts packets with attachments together, and
// by [Packet.AppendText] and [Packet.AppendMsgPack]. In between a packet's arguments are JSON text, in which a
// binary value is a placeholder for an attachment ([Placeholder]), whichever form the client speaks. [Elements] takes
// them apart.
//
// The package does no I/O. It refuses what is no packet, JSON that nests deeper than [MaxDepth], more than
// [MaxAttachments], and placeholders of attachments that are not there; sizes are the transport's to bound.
package socketio
