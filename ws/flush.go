package ws

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// schedule sees to a flush.
func (c *Conn) schedule(why uint32) {
	if c.mark(why) {
		c.enqueue(c.stream.Load())
	}
}

// mark says that something waits, and reports whether the caller has to see to a flush.
func (c *Conn) mark(why uint32) bool {
	if why == 0 && c.flags.Load()&dirty != 0 {
		return false // who clears it has yet to take what was queued before this look
	}
	return c.flags.Or(dirty|why)&(dirty|corked|draining) == 0
}

// enqueue lets another goroutine flush: the loop, or a socket's shard, for a socket's flush never waits.
// Other connections get a goroutine for as long as the flush takes. A descriptor that nobody serves yet
// is flushed when somebody does.
func (c *Conn) enqueue(w *stream) {
	switch {
	case w == nil:
		if c.flags.Load()&looped != 0 {
			c.seat.summon()
		}
	case w.sock != nil:
		w.shard.add(c)
	default:
		go c.flush()
	}
}

// uncork ends the reading goroutine's turn.
func (c *Conn) uncork(w *stream) {
	if c.flags.And(^uint32(corked))&due == 0 {
		return
	}
	if w.sock != nil {
		c.flush()
		return
	}
	go c.flush()
}

// flush writes what waits, then drains the handler if that was asked for and writes again.
func (c *Conn) flush() {
	w := c.stream.Load()
	if w == nil || c.flags.Load()&due == 0 || !w.writing.try() {
		return // the loop's, nothing to do, or who has the turn will look again
	}
	if c.flags.Load()&looped != 0 {
		w.writing.give() // the loop flushes what was on a shard's list before
		return
	}
	c.flags.And(^uint32(dirty))
	if !c.push(w, c.out.take()) {
		return
	}
	if c.flags.And(^uint32(woken))&woken != 0 {
		c.drain()
		if !c.push(w, c.out.take()) {
			return
		}
	}
	c.giveTurn(w)
}

// drain calls the handler. What it sends is for the caller to take.
func (c *Conn) drain() {
	if c.flags.Load()&(started|drains|over) != started|drains {
		return
	}
	c.flags.Or(draining)
	if c.callDrain() {
		c.flags.Or(woken)
	}
	c.flags.And(^uint32(draining | dirty))
}

// giveTurn gives the turn to write back, and sees to what has become due meanwhile.
func (c *Conn) giveTurn(w *stream) {
	w.writing.give()
	if f := c.flags.Load(); f&due != 0 && f&(corked|looped) == 0 {
		c.enqueue(w)
	}
}

// push writes b. What a socket does not take at once goes to a goroutine, together with the turn: then
// push reports false.
func (c *Conn) push(w *stream, b *buffer) bool {
	if b == nil {
		return true
	}
	if w.sock == nil {
		_ = c.writeAll(context.Background(), w, b.b)
		b.free()
		return true
	}
	n, err := w.sock.send(b.b)
	c.out.wrote(n)
	if err != nil {
		c.lost(err)
	} else if n < len(b.b) {
		go c.pushRest(w, b, n)
		return false
	}
	b.free()
	return true
}

// pushRest writes b from n on, waiting for the peer. It has the turn.
func (c *Conn) pushRest(w *stream, b *buffer, n int) {
	_ = c.writeAll(context.Background(), w, b.b[n:])
	b.free()
	c.giveTurn(w)
}

// shard is a list of sockets to flush, and a goroutine that lives while there are any. A connection
// keeps to one shard. The list is as long as there are connections at most, twice.
type shard struct {
	mu sync.Mutex
	// guarded by mu
	list    []*Conn
	spare   []*Conn // the other list's memory
	running bool

	work func() // immutable: run, kept so that starting it allocates nothing
}

var (
	shards    = newShards(runtime.GOMAXPROCS(0))
	shardTurn atomic.Uint32
)

func newShards(n int) []*shard {
	all := make([]*shard, n)
	for i := range all {
		all[i] = new(shard)
		all[i].work = all[i].run
	}
	return all
}

func nextShard() *shard { return shards[int(shardTurn.Add(1))%len(shards)] }

func (s *shard) add(conns ...*Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = append(s.list, conns...)
	if !s.running {
		s.running = true
		go s.work()
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
