// Package prove breaks a server in every way it knows and checks what it promised: order, durability, exactly once,
// receipts, presence, bounds. docs/guarantees.md has the promises, each with its check.
//
// Enter by [Run], which is what the command "veche prove" calls: it starts a real server process on a disk and behind
// a network that fail by a [Schedule] drawn from a seed, has clients talk over every door at once (those of package internal/doors), writes down each
// call and what came of it, judges that while it runs and at the end, and returns a [Result], which [Result.Report]
// draws as a page. The same seed, length and faults give the same schedule.
//
// It knows the server by its doors alone, and by what the system tells of its process. It proves nothing about what it
// has not tried: a run without a violation is evidence, not proof in the mathematical sense.
package prove
