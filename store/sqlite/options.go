package sqlite

import (
	"log/slog"
	"time"
)

// Options are the store's bounds. The zero value is sensible.
type Options struct {
	// Queue and QueueBytes bound the messages that were appended and not yet answered. Above
	// either, Append fails with hub.ErrBusy. Default 65,536 messages and 64 MiB.
	Queue      int
	QueueBytes int

	// Readers is how many reads run at once; more wait for their turn or their context. Default 4.
	Readers int

	// VFS names the SQLite file system that the database lives in. Default the system's.
	VFS string

	// Log gets what goes wrong with the disk. Default slog.Default.
	Log *slog.Logger
}

const (
	groupMessages = 4096    // the most that one transaction holds
	groupBytes    = 8 << 20 // likewise; a single larger message goes alone

	cachedRooms = 65536 // rooms whose end the writer remembers

	dirtyLimit   = 65536 // receipts that wait to be written
	receiptGroup = 1024  // receipts in one transaction
	receiptEvery = 200 * time.Millisecond
	receiptRetry = 5 * time.Second

	pageSize        = 4096            // bytes
	checkpointPages = 2000            // written to the log, after which they are copied into the database
	walLimit        = 64 << 20        // bytes of log after which it is to begin anew
	walPatience     = 50              // milliseconds to wait for readers then,
	walRetry        = 2 * time.Second // at most so often
	lockPatience    = 5000            // milliseconds to wait for a tool that has the file open
	pageCache       = 32 << 10        // KiB, of the writer

	openTimeout = time.Minute // for migrations
)

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	if d.Queue <= 0 {
		d.Queue = 65536
	}
	if d.QueueBytes <= 0 {
		d.QueueBytes = 64 << 20
	}
	if d.Readers <= 0 {
		d.Readers = 4
	}
	if d.Log == nil {
		d.Log = slog.Default()
	}
	return d
}
