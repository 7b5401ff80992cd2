package ws

import (
	"iter"
	"math"
	"sync"
)

// Broadcast sends p to each of conns: SendPrepared in a loop, at less cost, because who does the
// sending is told once of many connections rather than of each. The bytes are shared, not copied, by
// connections to which nothing else waits to be sent.
//
// It never blocks. Where SendPrepared would return an error, refused is called with it, unless it is
// nil: then those connections just miss the message. One connection's messages keep their order,
// whether they come by Broadcast or by Send.
//
//	ws.Broadcast(p, maps.Keys(members), func(c *ws.Conn, err error) { c.Shut(ws.StatusTryLater, "too slow") })
func Broadcast(p *Prepared, conns iter.Seq[*Conn], refused func(c *Conn, err error)) {
	BroadcastWithin(math.MaxInt, p, conns, refused)
}

// BroadcastWithin is Broadcast to those for whom at most limit bytes wait then, as if that was their SendBuffer if it is less: for
// who has a queue of its own for the others.
func BroadcastWithin(limit int, p *Prepared, conns iter.Seq[*Conn], refused func(c *Conn, err error)) {
	b := bursts.Get().(*burst)
	b.message, b.refused, b.limit = p, refused, limit
	defer b.end() // also after a panic of conns or refused: who was marked has to be flushed
	conns(b.each)
}

// burst is one Broadcast under way: who has something to flush, by who does it.
type burst struct {
	message *Prepared
	limit   int // bytes that may wait
	refused func(*Conn, error)
	each    func(*Conn) bool // send, kept so that a Broadcast allocates nothing
	lists   []told
}

type told struct {
	by    flusher
	conns []*Conn // len(conns) < burstSize
}

// flusher is a loop or a shard: a goroutine that flushes the connections that are added to it.
type flusher interface{ add(conns ...*Conn) }

// burstSize is how many are added at once: so that a flusher begins while the rest are being counted.
const burstSize = 256

var bursts = sync.Pool{New: func() any {
	b := new(burst)
	b.each = b.send
	return b
}}

func (b *burst) send(c *Conn) bool {
	if err := c.out.prepared(b.message, min(b.limit, c.o.SendBuffer)); err == nil {
		if c.mark(0) {
			b.add(c)
		}
	} else if b.refused != nil {
		b.refused(c, c.sendError(err))
	}
	return true
}

func (b *burst) add(c *Conn) {
	by := c.flusher()
	if by == nil {
		c.enqueue(c.stream.Load())
		return
	}
	t := b.toldBy(by)
	if t.conns = append(t.conns, c); len(t.conns) == burstSize {
		t.tell()
	}
}

// toldBy returns what is for by. There are as many as processors, twice at most.
func (b *burst) toldBy(by flusher) *told {
	for i := range b.lists {
		if b.lists[i].by == by {
			return &b.lists[i]
		}
	}
	b.lists = append(b.lists, told{by: by, conns: make([]*Conn, 0, burstSize)})
	return &b.lists[len(b.lists)-1]
}

// end tells the rest.
func (b *burst) end() {
	for i := range b.lists {
		b.lists[i].tell()
	}
	b.message, b.refused = nil, nil
	bursts.Put(b)
}

func (t *told) tell() {
	if len(t.conns) > 0 {
		t.by.add(t.conns...)
		clear(t.conns)
		t.conns = t.conns[:0]
	}
}

// flusher returns who flushes the connection, nil if nobody does for more than one.
func (c *Conn) flusher() flusher {
	if w := c.stream.Load(); w != nil {
		if w.sock == nil {
			return nil
		}
		return w.shard
	}
	return c.inLoop()
}
