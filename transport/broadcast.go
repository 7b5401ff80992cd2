package transport

import (
	"iter"

	"github.com/vechehq/veche/ws"
)

// broadcastWait is how many bytes may wait for a client that is broadcast to, as much as one Drain sends about.
const broadcastWait = 64 << 10

// Broadcast is SendShared to each of pipes, outside of Drain and at less cost: who writes is told once for many. It is only for
// those for whom little waits; refused is called for the others, at once, and they are to be woken. It never blocks.
func Broadcast(f *Frame, pipes iter.Seq[Pipe], refused func(Pipe)) {
	var current Pipe
	ws.BroadcastWithin(broadcastWait, f.prepared, func(yield func(*ws.Conn) bool) {
		for p := range pipes {
			if s, ok := p.(*socket); ok {
				current = p
				yield(s.conn)
			} else {
				refused(p)
			}
		}
	}, func(*ws.Conn, error) { refused(current) })
}
