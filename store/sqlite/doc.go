// Package sqlite keeps rooms in one SQLite file: the store of a single node.
//
// Enter by [Open]. One goroutine writes; whatever was appended while its last fsync ran goes into the
// next transaction, so the price of an fsync is shared by all who wait. A message is acknowledged
// after the fsync of the transaction that holds it. docs/design/002-grouped-commit.md tells why it
// is arranged so.
//
// The package refuses to share a file: a second process, or a second Open in this one, gets
// [ErrLocked]. It refuses network file systems by silence: SQLite's locks and its write-ahead log
// want a local disk. It does not trim logs.
package sqlite
