// Package native is the gateway of the native protocol, veche.v1: JSON objects on one side, hub
// calls on the other. docs/protocol.md is the protocol.
//
// Enter by [New], then [Gateway.Open] for each client's pipe; [Gateway.Follow] for a pipe whose client
// comes back by itself, with cursors; and [Gateway.Post] for a request that needs no pipe. All that a client is told goes through
// its session's outbox, so there is one order; what goes to many is encoded once.
//
// The gateway starts no goroutine and blocks nowhere but in Post. It keeps no messages, decides nothing about
// rooms, and reads no HTTP: who makes a request is told to it by a [Visit].
package native
