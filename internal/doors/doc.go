// Package doors is a client's half of every door into a room: native over WebSocket, Server-Sent Events and
// long-polling, the raw door, and Socket.IO by WebSocket, by polling, and from the one to the other.
//
// Enter by [Named] and [Door.Open]: native objects go in, native objects come out, whichever way they travel. A
// protocol that the server learns gets a Door here, and takes part in every proof ("veche prove") and every load
// ("veche load").
//
// It mends nothing: it does not reconnect, repeat, sort or drop, so that whoever stands on it sees what the server
// did. It is not the client for programs; that is package client.
package doors
