// Package engine is what the engine must endure: no descriptor left, peers that vanish, stall, dribble,
// reset or never read, a crowd at once, and handlers that panic. The echo runs in a process of its own,
// on loops and on goroutines, so that its descriptors can be counted; meanwhile others talk to it and
// must not notice, and afterwards it has what it had before.
package engine
