package ws

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// Bits of Conn.flags. Whoever sets dirty where neither dirty, corked nor draining was set has to see
// to a flush; who clears corked or gives out.turn back looks whether one is due. So nothing is left
// lying.
const (
	dirty    = 1 << iota // something waits, or a Drain was asked for
	woken                // a Drain was asked for and has not begun
	corked               // the reading goroutine is in its turn and will flush at its end
	draining             // Drain is running, and what it sends will be taken after it
	started              // the connection has a handler
	over                 // a close frame was queued, or the connection has ended
	ended                // the connection has ended
	looped               // a loop does the reading and the writing

	due = dirty | woken
)

// schedule sees to a flush.
func (c *Conn) schedule(why uint32) {
	switch f := c.flags.Or(dirty | why); {
	case f&(dirty|corked|draining) != 0:
	case f&looped != 0:
		c.seat.summon()
	default:
		c.enqueue()
	}
}

// enqueue lets another goroutine flush. A socket's flush never waits, so sockets share one; other
// connections get a goroutine for as long as the flush takes.
func (c *Conn) enqueue() {
	if c.plain {
		c.shard.add(c)
		return
	}
	go c.flush()
}

// uncork ends the reading goroutine's turn.
func (c *Conn) uncork() {
	if c.flags.And(^uint32(corked))&due == 0 {
		return
	}
	if c.plain {
		c.flush()
		return
	}
	go c.flush()
}

// flush writes what waits, then drains the handler if that was asked for and writes again.
func (c *Conn) flush() {
	if c.flags.Load()&due == 0 || !c.out.turn.try() {
		return // nothing to do, or who has the turn will look again
	}
	if c.flags.Load()&looped != 0 {
		c.out.turn.give() // the loop flushes what was on a shard's list before
		return
	}
	c.flags.And(^uint32(dirty))
	if !c.push(c.out.take()) {
		return
	}
	if c.flags.And(^uint32(woken))&woken != 0 && !c.drain() {
		return
	}
	c.giveTurn()
}

// drain calls the handler and writes what it sent. As push, it reports false if the turn has gone.
func (c *Conn) drain() bool {
	if c.flags.Load()&(started|over) != started || c.drainer == nil {
		return true
	}
	c.flags.Or(draining)
	more := c.callDrain()
	if more {
		c.flags.Or(woken)
	}
	c.flags.And(^uint32(draining | dirty))
	return c.push(c.out.take())
}

// giveTurn gives out.turn back, and sees to what has become due meanwhile.
func (c *Conn) giveTurn() {
	c.out.turn.give()
	if f := c.flags.Load(); f&due != 0 && f&(corked|looped) == 0 {
		c.enqueue()
	}
}

// push writes b. What a socket does not take at once goes to a goroutine, together with the turn: then
// push reports false.
func (c *Conn) push(b *buffer) bool {
	if b == nil {
		return true
	}
	if c.seat != nil {
		return c.seat.push(b)
	}
	if c.sock == nil {
		_ = c.writeAll(context.Background(), b.b)
		b.free()
		return true
	}
	n, err := c.sock.send(b.b)
	c.out.wrote(n)
	if err != nil {
		c.lost(err)
	} else if n < len(b.b) {
		go c.pushRest(b, n)
		return false
	}
	b.free()
	return true
}

// pushRest writes b from n on, waiting for the peer. It has the turn.
func (c *Conn) pushRest(b *buffer, n int) {
	_ = c.writeAll(context.Background(), b.b[n:])
	b.free()
	c.giveTurn()
}

// shard is a list of sockets to flush, and a goroutine that lives while there are any. A connection
// keeps to one shard. The list is as long as there are connections at most, twice.
type shard struct {
	mu sync.Mutex
	// guarded by mu
	list    []*Conn
	spare   []*Conn // the other list's memory
	running bool
}

var (
	shards    = make([]shard, runtime.GOMAXPROCS(0))
	shardTurn atomic.Uint32
)

func nextShard() *shard { return &shards[int(shardTurn.Add(1))%len(shards)] }

func (s *shard) add(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, c)
	if !s.running {
		s.running = true
		go s.run()
	}
}

func (s *shard) run() {
	for {
		batch := s.next()
		if batch == nil {
			return
		}
		for _, c := range batch {
			c.flush()
		}
		clear(batch)
		s.reuse(batch)
	}
}

// next takes the whole list; nil ends the goroutine.
func (s *shard) next() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.list) == 0 {
		s.running = false
		return nil
	}
	batch := s.list
	s.list, s.spare = s.spare, nil
	return batch
}

func (s *shard) reuse(batch []*Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.spare = batch[:0]
}
