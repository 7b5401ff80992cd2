// Package faultdisk is a disk beneath SQLite that fails on command: it loses or tears what was not
// synced when the power is cut, fails or delays a sync, is full, or lies about syncing.
//
// Enter by [Attach], which gives the name of an SQLite VFS, and command the [Disk] by its methods or,
// from another process, by the lines that [Disk.Obey] reads.
//
// What is written stays in this process's memory until SQLite syncs the file. So whatever ends the
// process, SIGKILL too, is a power cut after which nothing unsynced is there; [Disk.Cut] is the other
// kind, where some sectors have reached the disk by chance and others have not. Reading, locks and
// shared memory are those of the system's VFS. What truncating a file, deleting or creating one does
// is on the disk at once.
//
// It is for proofs: package prove and its tests. It never runs unless it is asked for.
package faultdisk
