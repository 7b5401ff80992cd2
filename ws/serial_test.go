package ws

import (
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
)

// TestSerial: a handler that blocks holds up nobody else, gets its messages in order, and at its end
// first all that had come.
func TestSerial(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		free := make(chan bool)
		rec := newRecorder()
		rec.on = func(c *Conn, _ MessageType, data []byte) {
			<-free
			rec.messages <- string(data)
		}
		c, p := pair(Server, Options{})
		c.Start(Serial(rec))
		for i := range 20 {
			p.write(p.fr(0x81, fmt.Sprint("message ", i)))
		}
		others, otherPeers := crowd(t, 8, pair, Options{})
		for i, o := range otherPeers {
			p := o
			p.write(p.fr(0x89, "there?"))
			p.want("another is not held up", 0x8A, "there?")
			_ = others[i].CloseNow()
		}
		p.write(p.fr(0x88, closePayload(1000, "")))
		p.wantClose("the close is answered", 1000)
		_ = p.nc.Close()
		close(free)
		for i := range 20 {
			if got := <-rec.messages; got != fmt.Sprint("message ", i) {
				t.Fatalf("%d: %q", i, got)
			}
		}
		if e := wantAs[*CloseError](t, <-rec.closed); e.Code != 1000 {
			t.Error(e)
		}
	})
}

// TestSerialBound: while the handler blocks no more than the bound is taken from the peer, by number and
// by size, and nothing is lost.
func TestSerialBound(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		for _, size := range []int{10, 10_000} {
			const n = 200
			c, p := pair(Server, Options{})
			free := make(chan bool)
			rec := newRecorder()
			var got atomic.Int32
			done := make(chan bool)
			rec.on = func(*Conn, MessageType, []byte) {
				<-free
				if got.Add(1) == n {
					close(done)
				}
			}
			s := Serial(rec).(*serial)
			c.Start(s)
			go func() {
				for range n {
					p.write(p.fr(0x82, strings.Repeat("x", size)))
				}
			}()
			for range n {
				free <- true
				s.mu.Lock()
				if len(s.queue) > serialMessages || s.bytes > serialBytes+size {
					t.Errorf("%d messages, %d bytes wait", len(s.queue), s.bytes)
				}
				s.mu.Unlock()
			}
			<-done
			_ = c.CloseNow()
			<-rec.closed
		}
	})
}

// TestSerialPanics: what panics ends its own connection, and is told so.
func TestSerialPanics(t *testing.T) {
	for name, end := range map[string]func(){"panic": func() { panic("in Message") }, "exit": runtime.Goexit} {
		bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
			c, p := pair(Server, Options{Log: slog.New(slog.DiscardHandler)})
			rec := newRecorder()
			rec.on = func(*Conn, MessageType, []byte) { end() }
			c.Start(Serial(rec))
			p.write(p.fr(0x81, "x"), p.fr(0x81, "never delivered"))
			p.wantClose(name, StatusInternal)
			_ = p.nc.Close()
			wantAs[*PanicError](t, <-rec.closed)
		})
	}
}

// TestSerialDrains: a handler that is a Drainer stays one.
func TestSerialDrains(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		d := &drainer{recorder: newRecorder(), onDrain: func(c *Conn) bool {
			_ = c.Send(Text, []byte("drained"))
			return false
		}}
		c.Start(Serial(d))
		p.want("at the start", 0x81, "drained")
	})
}
