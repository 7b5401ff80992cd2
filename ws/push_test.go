package ws

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/internal/memnet"
)

// allNets runs a test over memory in a bubble, where time is fake, and over real sockets in both modes,
// which take other ways through reading and flushing.
func allNets(t *testing.T, f func(t *testing.T, pair func(Side, Options) (*Conn, *peer))) {
	t.Run("memory", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			f(t, func(s Side, o Options) (*Conn, *peer) { return memPair(t, s, o) })
		})
	})
	bothModes(t, f)
}

func writes(c *Conn) int { return c.stream.Load().net.(*memnet.Conn).Writes() }

// TestCork: the answers to all that came in one read leave in one write.
func TestCork(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		rec := newRecorder()
		rec.on = func(c *Conn, typ MessageType, data []byte) {
			_ = c.Send(typ, data)
			time.Sleep(time.Second) // everybody else has time to write what was sent
		}
		c.Start(rec)
		p.write(p.fr(0x81, "a"), p.fr(0x81, "b"), p.fr(0x89, "p"), p.fr(0x81, "c"))
		p.want("first", 0x81, "a")
		p.want("second", 0x81, "b")
		p.want("ping between", 0x8A, "p")
		p.want("third", 0x81, "c")
		synctest.Wait()
		if n := writes(c); n != 1 {
			t.Errorf("%d writes for one read", n)
		}
	})
}

// drainer is a handler with a queue of its own, as a gateway has.
type drainer struct {
	*recorder
	drains  atomic.Int32
	inside  atomic.Int32
	onDrain func(c *Conn) bool
}

func (d *drainer) Drain(c *Conn) bool {
	if d.inside.Add(1) != 1 {
		panic("Drain runs twice at once")
	}
	defer d.inside.Add(-1)
	d.drains.Add(1)
	if d.onDrain == nil {
		return false
	}
	return d.onDrain(c)
}

func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		left := 0
		d := &drainer{recorder: newRecorder()}
		d.onDrain = func(c *Conn) bool {
			for i := 0; i < 3 && left > 0; i++ {
				_ = c.Send(Text, fmt.Append(nil, left))
				left--
			}
			return left > 0
		}
		c.Start(d)
		synctest.Wait()
		if n := d.drains.Load(); n != 1 || writes(c) != 0 {
			t.Fatalf("after Start: %d drains, %d writes", n, writes(c))
		}
		left = 7
		c.Wake()
		for i := 7; i > 0; i-- {
			p.want("drained", 0x81, fmt.Sprint(i))
		}
		synctest.Wait()
		if n := d.drains.Load(); n != 4 || writes(c) != 3 {
			t.Fatalf("7 messages, three at a time: %d drains, %d writes", n-1, writes(c))
		}
	})
}

// TestDrainWaitsForThePeer: while something is unsent Drain is not called, and it is afterwards.
func TestDrainWaitsForThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		d := &drainer{recorder: newRecorder()}
		c.Start(d)
		synctest.Wait()
		big := strings.Repeat("x", memnet.DefaultBuffer+1000)
		if err := c.Send(Binary, []byte(big)); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		d.onDrain = func(c *Conn) bool {
			_ = c.Send(Text, []byte("drained"))
			return false
		}
		c.Wake()
		c.Wake()
		synctest.Wait()
		if n := d.drains.Load(); n != 1 {
			t.Fatalf("%d drains while the peer does not read", n-1)
		}
		if c.Buffered() == 0 {
			t.Fatal("nothing is buffered")
		}
		p.want("what was before", 0x82, big)
		p.want("what was drained", 0x81, "drained")
		synctest.Wait()
		if n := d.drains.Load(); n != 2 {
			t.Fatalf("two wakes while it waited made %d drains", n-1)
		}
	})
}

// TestWakesAreNotLost: whoever puts something in the queue and wakes finds it drained in the end,
// whatever else goes on, and Drain is never called twice at once.
func TestWakesAreNotLost(t *testing.T) {
	allNets(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		const wakers, each = 4, 300
		var queued, sent atomic.Int64
		sends := 0
		d := &drainer{recorder: newRecorder()}
		d.on = func(c *Conn, typ MessageType, data []byte) { _ = c.Send(typ, data) }
		d.onDrain = func(c *Conn) bool {
			if sent.Load() < queued.Load() {
				sent.Add(1)
				_ = c.Send(Text, []byte("q"))
			}
			return sent.Load() < queued.Load()
		}
		c.Start(d)
		var wg sync.WaitGroup
		for i := range wakers {
			direct := i * 50
			sends += direct
			wg.Go(func() {
				for k := range each {
					queued.Add(1)
					c.Wake()
					if k < direct {
						_ = c.Send(Binary, []byte("s"))
					}
				}
			})
		}
		wg.Go(func() {
			for range each {
				_, _ = p.nc.Write(p.fr(0x82, "e"))
			}
		})
		want := wakers*each + sends + each
		for got := 0; got < want; got++ {
			if _, _, err := p.read(); err != nil {
				t.Fatalf("after %d of %d messages: %v", got, want, err)
			}
		}
		wg.Wait()
		c.Shut(StatusNormal, "")
		p.wantClose("nothing more", StatusNormal)
	})
}

// TestNeverReadingPeer: what waits is bounded, and the peer is given up after WriteTimeout.
func TestNeverReadingPeer(t *testing.T) {
	allNets(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, _ := pair(Server, Options{SendBuffer: 100_000, WriteTimeout: 2 * time.Second})
		rec := newRecorder()
		c.Start(rec)
		data := make([]byte, 10_000)
		var died error
		full := false
		for died == nil {
			err := c.Send(Binary, data)
			if n := c.Buffered(); n > 100_000 {
				t.Fatalf("%d bytes wait", n)
			}
			if err == nil {
				continue
			}
			full = full || errors.Is(err, ErrSendBuffer)
			select {
			case died = <-rec.closed:
			case <-time.After(time.Millisecond): // what the system still takes makes room
			}
		}
		if e := wantAs[*TimeoutError](t, died); e.Op != "write" || !e.Timeout() || !full {
			t.Fatalf("%+v, buffer full: %v", e, full)
		}
		if err := c.Send(Text, nil); err != died {
			t.Fatalf("send after the end: %v", err)
		}
	})
}

// TestSlowPeer: one that takes a little now and then lives on, and gets everything in order.
func TestSlowPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{WriteTimeout: time.Second, SendBuffer: 4 << 20})
		c.Start(newRecorder())
		for i := range 30 {
			if err := c.Send(Text, []byte(fmt.Sprint(i, strings.Repeat("x", 10_000)))); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 30 {
			time.Sleep(900 * time.Millisecond)
			p.want("slowly", 0x81, fmt.Sprint(i, strings.Repeat("x", 10_000)))
		}
	})
}

// TestPingFlood: a peer that pings and never reads costs a bounded backlog.
func TestPingFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{WriteTimeout: time.Hour})
		c.Start(newRecorder())
		last := ""
		for i := range 5000 {
			last = fmt.Sprintf("%0125d", i)
			p.write(p.fr(0x89, last))
		}
		synctest.Wait()
		if n := c.Buffered(); n > memnet.DefaultBuffer+pongBacklog {
			t.Fatalf("%d bytes of pongs wait", n)
		}
		for got := ""; got != last; {
			first, payload, err := p.read()
			if err != nil || first != 0x8A {
				t.Fatalf("frame %#x, %v", first, err)
			}
			got = payload
		}
	})
}

func TestPause(t *testing.T) {
	allNets(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		rec := newRecorder()
		rec.on = func(c *Conn, typ MessageType, data []byte) {
			if string(data) == "pause" {
				c.Pause()
				_ = c.Send(Text, []byte("paused"))
			}
			rec.messages <- string(data)
		}
		c.Start(rec)
		p.write(p.fr(0x81, "a"), p.fr(0x81, "pause"), p.fr(0x81, "b"), p.fr(0x81, "c"))
		p.want("sent before the pause took effect", 0x81, "paused")
		for _, want := range []string{"a", "pause"} {
			if got := <-rec.messages; got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
		if err := c.Send(Text, []byte("still sends")); err != nil {
			t.Fatal(err)
		}
		p.want("while paused", 0x81, "still sends")
		if len(rec.messages) != 0 {
			t.Fatal("a message came while paused")
		}
		c.Resume()
		for _, want := range []string{"b", "c"} {
			if got := <-rec.messages; got != want {
				t.Fatalf("%q, want %q", got, want)
			}
		}
		c.Pause()
		c.Pause()
		p.write(p.fr(0x81, "d"))
		c.Resume()
		if got := <-rec.messages; got != "d" {
			t.Fatal(got)
		}
	})
}

// TestPauseHoldsThePeer: what a paused connection does not read stays in the network.
func TestPauseHoldsThePeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		rec := newRecorder()
		var got atomic.Int32
		rec.on = func(*Conn, MessageType, []byte) { got.Add(1) }
		c.Start(rec)
		c.Pause()
		done := make(chan struct{})
		var wrote atomic.Int32
		go func() {
			defer close(done)
			for range 200 {
				p.write(p.fr(0x82, strings.Repeat("x", 1000)))
				wrote.Add(1)
			}
		}()
		synctest.Wait()
		if n := wrote.Load(); n > 100 || got.Load() != 0 {
			t.Fatalf("paused, but the peer wrote %d messages and %d came", n, got.Load())
		}
		c.Resume()
		<-done
		synctest.Wait()
		if n := got.Load(); n != 200 {
			t.Fatalf("%d messages after all", n)
		}
	})
}

// TestClosedOnce: Closed comes once, after everything else, whoever ends the connection how.
func TestClosedOnce(t *testing.T) {
	ways := map[string]func(c *Conn, p *peer){
		"CloseNow":     func(c *Conn, p *peer) { _ = c.CloseNow() },
		"twice":        func(c *Conn, p *peer) { _ = c.CloseNow(); c.Shut(1000, ""); _ = c.CloseNow() },
		"peer's close": func(c *Conn, p *peer) { p.write(p.fr(0x88, closePayload(1000, ""))) },
		"lost":         func(c *Conn, p *peer) { _ = p.nc.Close() },
		"mistake":      func(c *Conn, p *peer) { p.write([]byte{0xFF}) },
		"Shut":         func(c *Conn, p *peer) { c.Shut(1000, ""); p.write(p.fr(0x88, closePayload(1000, ""))) },
		"paused":       func(c *Conn, p *peer) { c.Pause(); _ = c.CloseNow() },
		"silent":       func(c *Conn, p *peer) { c.Shut(1000, "") },
	}
	for name, way := range ways {
		synctest.Test(t, func(t *testing.T) {
			c, p := memPair(t, Server, Options{})
			d := &drainer{recorder: newRecorder()}
			var over atomic.Bool
			d.on = func(c *Conn, typ MessageType, data []byte) {
				if over.Load() {
					t.Errorf("%s: a message after Closed", name)
				}
			}
			d.onDrain = func(c *Conn) bool {
				if over.Load() {
					t.Errorf("%s: a drain after Closed", name)
				}
				return false
			}
			c.Start(d)
			go func() {
				for range 100 {
					c.Wake()
					_ = c.Send(Text, []byte("x"))
				}
			}()
			p.write(p.fr(0x81, "a"), p.fr(0x81, "b"))
			way(c, p)
			<-d.closed
			over.Store(true)
			c.Wake()
			if err := c.Send(Text, nil); err == nil {
				t.Errorf("%s: sent after Closed", name)
			}
			_ = p.nc.Close()
			synctest.Wait()
			if len(d.closed) != 0 {
				t.Errorf("%s: Closed came twice", name)
			}
		})
	}
}

func TestStartTwicePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := memPair(t, Server, Options{})
		c.Start(newRecorder())
		if _, _, err := c.Read(t.Context()); err != ErrPushForm {
			t.Errorf("Read in the push form: %v", err)
		}
		defer func() {
			if recover() == nil {
				t.Error("no panic")
			}
		}()
		c.Start(newRecorder())
	})
}

// TestIdleOwnsNothing: a socket that has nothing to do holds no buffer.
func TestIdleOwnsNothing(t *testing.T) {
	c, p := tcpPair(t, Server, Options{Mode: ModeGoroutine})
	c.Start(&echoHandler{make(chan error, 1)})
	for range 3 {
		p.write(p.fr(0x81, "hello"))
		p.want("echo", 0x81, "hello")
	}
	// The reader is on its way back to waiting; it has arrived when it counts as reading.
	for c.stream.Load().reads.Load()%2 == 0 {
		p.write(p.fr(0x81, "hello"))
		p.want("echo", 0x81, "hello")
	}
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.queue != nil {
		t.Error("an idle connection owns a write buffer")
	}
	if c.stream.Load().own != nil {
		t.Error("a socket owns a read buffer")
	}
}

// TestSendBufferBound: a message is refused exactly when more than SendBuffer bytes would wait.
func TestSendBufferBound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{SendBuffer: 200})
		rec := newRecorder()
		rec.on = func(c *Conn, _ MessageType, _ []byte) {
			if err := c.Send(Binary, make([]byte, 201)); !errors.Is(err, ErrSendBuffer) {
				t.Errorf("above the buffer: %v", err)
			}
			if err := c.Send(Binary, make([]byte, 100)); err != nil {
				t.Errorf("in the buffer: %v", err)
			}
			if err := c.SendPrepared(NewPrepared(Binary, make([]byte, 100))); !errors.Is(err, ErrSendBuffer) {
				t.Errorf("above the rest of the buffer: %v", err)
			}
			if err := c.Send(MessageType(9), nil); err == nil || errors.Is(err, ErrSendBuffer) {
				t.Errorf("a ping as a message: %v", err)
			}
		}
		c.Start(rec)
		p.write(p.fr(0x81, ""))
		p.want("what fitted", 0x82, string(make([]byte, 100)))
	})
}
