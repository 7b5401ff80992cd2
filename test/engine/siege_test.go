package engine

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vechehq/veche/internal/autobahn"
)

// many is how many misbehave at once, and enough what the child may open for it.
const (
	many   = 200
	enough = 1024
)

// TestDescriptorsRunOut: without a descriptor nobody new gets in, who is there is served, and
// afterwards all can come again.
func TestDescriptorsRunOut(t *testing.T) {
	inModes(t, 64, func(s *besieged) {
		var waiting []net.Conn
		for range many {
			nc, err := net.DialTimeout("tcp", s.addr, patience)
			if err != nil {
				s.Fatal(err)
			}
			waiting = append(waiting, nc)
			if _, err := io.WriteString(nc, request); err != nil && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
				s.Fatal(err)
			}
		}
		s.waitFor("descriptors run out", func() bool { return s.open() >= 60 })
		for range 10 {
			s.talk("without descriptors")
		}
		for _, nc := range waiting {
			nc.Close()
		}
		s.recovers()
		for range 20 { // and then one comes in as before
			p := s.dial()
			if err := p.echo("new"); err != nil {
				s.Fatal(err)
			}
			p.leave()
		}
	})
}

// TestAnsweredAreServed: when descriptors run out, those who have got their answer have got in; the
// others wait for theirs.
func TestAnsweredAreServed(t *testing.T) {
	inModesWithin(t, 64, patience, func(s *besieged) {
		var in atomic.Int32
		var crowd sync.WaitGroup
		defer crowd.Wait()
		for range many {
			nc, err := net.DialTimeout("tcp", s.addr, patience)
			if err != nil {
				s.Fatal(err)
			}
			defer nc.Close()
			p := &peer{nc, bufio.NewReaderSize(nc, 512)}
			crowd.Go(func() {
				_ = nc.SetDeadline(time.Now().Add(wait))
				if _, err := io.WriteString(nc, request); err != nil {
					return
				}
				if _, err := http.ReadResponse(p.br, nil); err != nil {
					return // not yet answered
				}
				_ = nc.SetDeadline(time.Now().Add(patience))
				if err := p.echo("am I in"); err != nil {
					s.Errorf("answered, but not served: %v", err)
				}
				in.Add(1)
			})
		}
		crowd.Wait()
		if n := in.Load(); n == 0 || n > 64 {
			s.Errorf("%d have come in where 64 descriptors are", n)
		}
	})
}

// wait is how long somebody waits for an answer who may get none.
const wait = 3 * time.Second

// TestHalfOpen: who says nothing any more, who ends one direction, and who never finished the handshake,
// are dropped.
func TestHalfOpen(t *testing.T) {
	inModes(t, enough, func(s *besieged) {
		ways := []func(*peer){
			func(p *peer) {}, // no pong comes
			func(p *peer) { _ = p.Conn.(*net.TCPConn).CloseWrite() },              // an end without a close frame
			func(p *peer) { _ = p.send(0x88, "\x03\xe8") },                        // a close, but the connection stays
			func(p *peer) { _, _ = p.Write([]byte{0x81, 0xFE, 0x01}) },            // a header without its end
			func(p *peer) { _, _ = p.Write([]byte("\x01\x85\x00\x00\x00\x00a")) }, // a message without its end
		}
		for i := range many {
			if i%5 == 0 {
				half, err := net.Dial("tcp", s.addr)
				if err != nil {
					s.Fatal(err)
				}
				s.Cleanup(func() { half.Close() })
				_, _ = io.WriteString(half, request[:i%len(request)])
				continue
			}
			p := s.dial()
			s.Cleanup(func() { p.Close() })
			ways[i/5%len(ways)](p)
		}
		s.talk("among the half-open")
	})
}

// TestResetInFrame: connections are reset in the middle of what they say.
func TestResetInFrame(t *testing.T) {
	inModes(t, enough, func(s *besieged) {
		frame := autobahn.Frame{First: 0x82, Payload: strings.Repeat("x", 70_000)}.Append(nil, true)
		for i := range many {
			p := s.dial()
			if _, err := p.Write(frame[:i*i%len(frame)]); err != nil {
				s.Fatal(err)
			}
			p.reset()
		}
		s.talk("after resets")
	})
}

// TestNeverReads: who sends and never reads is dropped, and holds nobody up.
func TestNeverReads(t *testing.T) {
	inModes(t, enough, func(s *besieged) {
		frame := autobahn.Frame{First: 0x82, Payload: strings.Repeat("x", 64<<10)}.Append(nil, true)
		var all sync.WaitGroup
		for range 20 {
			p := s.dial()
			defer p.Close()
			all.Go(func() {
				for { // until it is dropped, which is said by a reset
					if _, err := p.Write(frame); err != nil {
						if ne, ok := errors.AsType[net.Error](err); ok && ne.Timeout() {
							s.Error("it was never dropped")
						}
						return
					}
				}
			})
		}
		for range 10 {
			s.talk("beside those who never read")
		}
		all.Wait()
	})
}

// TestDribble: who writes a byte at a time is heard out, and nobody waits for it.
func TestDribble(t *testing.T) {
	const soon = 4 * time.Second
	inModesWithin(t, enough, soon, func(s *besieged) {
		frame := autobahn.Frame{First: 0x81, Payload: "in no hurry"}.Append(nil, true)
		var slow []*peer
		for range many {
			slow = append(slow, s.dial())
		}
		pace := time.NewTicker(soon / 4) // of each, so that a ping goes unanswered in the middle of it
		defer pace.Stop()
		for i := range frame {
			for _, p := range slow {
				if _, err := p.Write(frame[i : i+1]); err != nil {
					s.Fatalf("byte %d: %v", i, err)
				}
			}
			s.talk("beside those in no hurry")
			<-pace.C
		}
		for _, p := range slow {
			if f, err := p.next(); err != nil || f.Payload != "in no hurry" {
				s.Fatalf("%v, %v", f, err)
			}
			p.leave()
		}
	})
}

// TestPanics: a handler that panics, or ends its goroutine, loses its own connection only.
func TestPanics(t *testing.T) {
	inModes(t, enough, func(s *besieged) {
		for i := range many {
			p := s.dial()
			if err := p.send(0x81, []string{panics, exits}[i%2]); err != nil {
				s.Fatal(err)
			}
			if f, err := p.next(); err != nil || f.First != 0x88 || !strings.HasPrefix(f.Payload, "\x03\xf3") {
				s.Fatalf("%v, %v: not closed with 1011", f, err)
			}
			p.leave()
			s.talk("among panics")
		}
	})
}

// TestBurst: 15,000 connect at once, are all served, and leave nothing behind.
func TestBurst(t *testing.T) {
	const crowd, abreast = 15_000, 500
	inModesWithin(t, 20_000, 5*patience, func(s *besieged) {
		var (
			mu    sync.Mutex
			peers []*peer
			all   sync.WaitGroup
		)
		for range abreast {
			all.Go(func() {
				for range crowd / abreast {
					p, err := dial(s.addr, "/")
					if err == nil {
						err = p.echo("hello")
					}
					if err != nil {
						s.Error(err)
						return
					}
					mu.Lock()
					peers = append(peers, p)
					mu.Unlock()
				}
			})
		}
		all.Wait()
		s.talk("in a crowd")
		if n := s.open() - s.files; n < len(peers)*9/10 {
			s.Errorf("%d descriptors for %d connections", n, len(peers))
		}
		for _, p := range peers {
			_ = p.Close()
		}
	})
}

// waitFor waits for something to be so.
func (s *besieged) waitFor(what string, so func() bool) {
	s.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.Tick(20 * time.Millisecond); !so(); <-tick {
		if time.Now().After(deadline) {
			s.Fatalf("never: %s", what)
		}
	}
}
