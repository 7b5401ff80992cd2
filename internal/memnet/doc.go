// Package memnet is a network in memory: listeners and connections with bounded buffers, deadlines
// and half-close, built on nothing but mutexes and condition variables. Unlike sockets it works
// inside testing/synctest bubbles, so a test may wait an hour of fake time for a timeout.
//
// Enter by [Listen] for a server, or by [Pipe] for the two ends alone. It does not lose, reorder or
// delay anything by itself; a test that wants a peer to be slow does not read, and [Conn.Reset] cuts.
package memnet
