// Package memory keeps rooms in memory: each the last messages of its log, in a bounded ring. It is
// for what need not survive a restart (games, cursors) and for tests; a commit costs no disk.
//
// Enter by [New]. What is in the ring keeps every promise of a hub.Store: order, seq without holes,
// one message per cid. What has left it is gone, and so is its cid. When there are too many rooms,
// the one that was longest not written to is dropped with its receipts, and begins with seq 1 in
// another epoch when it returns.
package memory
