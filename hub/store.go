package hub

import (
	"context"
	"time"
)

// Store keeps rooms' logs and receipts. storetest is the suite that every driver passes.
//
// Room, Read and Receipts may block on a disk; the hub calls them from goroutines of its own.
type Store interface {
	// Room returns the state of a room's log. A room that was never written to has Head 0; asking
	// does not create it.
	Room(ctx context.Context, name string) (RoomState, error)

	// Append takes a message to be committed, and returns at once. It gives it the room's next Seq
	// and At, and calls done exactly once: after the commit (for a durable store: after fsync), or
	// with an error when nothing was written. Messages of one room whose Append calls were made one
	// after another are committed in that order. When the message's (Room, From, CID) is known, done
	// gets the first one's Seq and At, and dup.
	//
	// done gets the message that now is in the log (m itself, with Seq and At set, unless dup). It is
	// called with no lock held, in commit order, and must return quickly. A full queue fails at once
	// with ErrBusy; a closed store with ErrUnavailable.
	Append(m *Message, done func(m *Message, dup bool, err error))

	// Read returns a room's messages with from ≤ seq ≤ to, ascending, the first limit of them.
	Read(ctx context.Context, room string, from, to uint64, limit int) ([]*Message, error)

	// SaveReceipt keeps a receipt's watermarks where they are higher than those kept. It returns at
	// once and promises durability only by Close; a lost receipt is sent again by its client.
	SaveReceipt(r Receipt)

	// Receipts returns a room's receipts, those with the highest Received first, at most limit.
	Receipts(ctx context.Context, room string, limit int) ([]Receipt, error)

	// Receipt returns one user's receipt in a room, zero watermarks if there is none.
	Receipt(ctx context.Context, room, user string) (Receipt, error)

	// Close commits what was appended, and ends the store.
	Close(ctx context.Context) error
}

// Keeper is what a Store may be beside: for a gateway that has logs and values of its own, in which it has to say itself how long
// they are of use. storetest is its suite too. Both return at once; what a full queue or a closed store refuses is left undone.
type Keeper interface {
	// Keep keeps a value under a key until a time, in place of the one before; nil forgets it. It is as durable as a message
	// that is appended now, and the last of several for one key counts.
	Keep(key string, value []byte, until time.Time)

	// Kept returns the value, nil if there is none or its time is over. It sees what was kept before it, durable yet or not.
	Kept(ctx context.Context, key string) ([]byte, error)

	// Trim lets go of a room's messages below seq first, and of those that are older than before, but never of the last one. It may do
	// some of it and leave the rest to the next call.
	Trim(room string, first uint64, before time.Time)
}

// RoomState is what a store knows of a room's log: it holds First..Head (First = Head+1 if empty).
type RoomState struct {
	Epoch string // another one means another log
	First uint64
	Head  uint64
}

// Kind is a room's durability.
type Kind uint8

const (
	Durable Kind = iota // acknowledged after fsync
	Memory              // a bounded ring in memory, for games and cursors
)
