// Package load puts a crowd of chatting people on a running server, as much as one asks for, and tells how
// long everything takes: rooms of Zipf sizes, people who type and then send, receipts, and waves in
// which many lose their connection at once and come back.
//
// Enter by [Run], or by the command veche load. The load is open-loop: what is said is said at its
// moment, whether the server keeps up or not, and each latency is counted from that moment, so that a
// server which stalls is charged for everybody who would have spoken meanwhile. What a client should say
// while it is away waits, and counts.
//
// The crowd also checks what it can check cheaply: every session hears seq after seq, everybody hears
// the same message under the same seq, a client comes back as itself, and at the end everything that was
// acknowledged has reached everybody who is there and stands in the rooms' logs, once.
//
// Ten thousand clients are cheap: a client of a WebSocket door is on an event loop, without a goroutine, and
// what a room's members are all told is read once. One process is limited by its descriptors.
//
// It injects no faults and does not start servers; that is for prove. It is not closed-loop: for the
// most that a server can do, raise the rate until latency breaks.
package load
