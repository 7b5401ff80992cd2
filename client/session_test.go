package client

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/ws"
)

func noReceipts(o *Options) { o.NoReceipts = true }

func TestWelcome(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(func(o *Options) { o.Name, o.Resume = "Ann", "r0" })
		s.welcomed(`,"resume":"r0","name":"Ann"`)
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if c.State() != Online || c.User() != (User{ID: "ann", Name: "Ann"}) || c.Resume() != "r1" {
			t.Errorf("%s, %+v, %s", c.State(), c.User(), c.Resume())
		}
	})
}

// A connection that says nothing is asked, and given up when nothing came for the ping interval.
func TestSilence(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		s.connect()
		a := s.welcomed("")
		a.silent(16 * time.Second)
		start := time.Now()
		a.want(`{"type":"ping"}`)
		a.say(`{"type":"pong"}`)
		a.silent(16 * time.Second)
		a.want(`{"type":"ping"}`)
		a.gone()
		if d := time.Since(start); d != 26*time.Second {
			t.Errorf("given up after %v, want 1 s + 25 s", d)
		}
		s.welcomed(`,"resume":"r1"`)
	})
}

func TestNoWelcome(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		start := time.Now()
		s.connect()
		a := s.next()
		a.want(`{"type":"hello","id":1}`)
		a.gone()
		if d := time.Since(start); d != connectTimeout {
			t.Errorf("given up after %v", d)
		}
		s.welcomed("")
	})
}

func TestByeIsObeyed(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		a := s.welcomed("")
		a.say(`{"type":"bye","code":"drain","message":"later","retry":true,"after":61.5}`)
		start := time.Now()
		s.welcomed(`,"resume":"r1"`)
		if d := time.Since(start).Round(time.Millisecond); d != 61500*time.Millisecond {
			t.Errorf("came back after %v", d)
		}
		if err := c.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestCloseCodes(t *testing.T) {
	tests := []struct {
		code ws.StatusCode
		stop bool
		most time.Duration
	}{
		{1000, false, minBackoff}, {1001, false, minBackoff}, {1011, false, minBackoff}, {1012, false, minBackoff},
		{1013, false, minBackoff}, {3000, false, minBackoff}, {4429, false, maxBackoff},
		{1002, true, 0}, {1003, true, 0}, {1007, true, 0}, {1008, true, 0}, {1009, true, 0}, {4403, true, 0}, {4409, true, 0},
	}
	for _, tt := range tests {
		t.Run(fmt.Sprint(tt.code), func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				c := s.connect()
				a := s.welcomed("")
				synctest.Wait()
				a.close(tt.code)
				start := time.Now()
				if tt.stop {
					for state, err := Online, error(nil); state != Ended; {
						if state, err = c.StateChange(t.Context(), state); err != nil {
							t.Fatal(err)
						}
					}
					if ws.CloseStatus(c.Err()) != tt.code {
						t.Errorf("ended with %v", c.Err())
					}
					return
				}
				s.welcomed(`,"resume":"r1"`)
				// What the closing handshake takes is no backoff.
				if d := time.Since(start); d > tt.most+lingering {
					t.Errorf("came back after %v", d)
				}
				if d := time.Since(start); tt.code == 4429 && d < maxBackoff/2 {
					t.Errorf("came back after %v", d)
				}
			})
		})
	}
}

// lingering is the longest that the two ends take to part.
const lingering = 3 * time.Second

func TestRefusedCredential(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		asked := 0
		c := s.connect(func(o *Options) {
			o.Resume = "r0"
			o.Token = func(context.Context) (string, error) {
				asked++
				return fmt.Sprint("t", asked), nil
			}
		})
		a := s.next()
		a.want(`{"type":"hello","id":1,"token":"t1","resume":"r0"}`)
		a.say(`{"type":"error","id":1,"code":"expired","message":"the token has expired","retry":false}`)
		a = s.next()
		a.want(`{"type":"hello","id":1,"token":"t2"}`)
		a.say(`{"type":"error","id":1,"code":"unauthorized","message":"no","retry":false}`)
		err := c.Ready(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "unauthorized" {
			t.Errorf("ended with %v", err)
		}
	})
}

// The server's last word is the client's error.
func TestByeForGood(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		a := s.welcomed("")
		r := s.join(c, a, 0)
		a.say(`{"type":"bye","code":"replaced","message":"it goes on elsewhere","retry":false}`)
		_, err := r.Next(t.Context())
		if e, ok := err.(*Error); !ok || e.Code != "replaced" || c.Err() != err {
			t.Errorf("the room ended with %v, the client with %v", err, c.Err())
		}
	})
}

// A hello that was given up may come to the server after the next one: who replaces us then is ourselves.
func TestReplacedByOwnHello(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		lost := s.next()
		lost.want(`{"type":"hello","id":1}`)
		lost.gone() // no welcome in time
		a := s.welcomed("")
		a.say(`{"type":"bye","code":"replaced","message":"it goes on elsewhere","retry":false}`)
		b := s.welcomed(`,"resume":"r1"`)
		for start := time.Now(); time.Since(start) < late; {
			b.want(`{"type":"ping"}`)
			b.say(`{"type":"pong"}`)
		}
		b.say(`{"type":"bye","code":"replaced","message":"it goes on elsewhere","retry":false}`)
		for state, err := Online, error(nil); state != Ended; {
			if state, err = c.StateChange(t.Context(), state); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestTokenIsRenewedInPlace(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		asked := 0
		s.connect(func(o *Options) {
			o.Token = func(context.Context) (string, error) {
				asked++
				return fmt.Sprint("t", asked), nil
			}
		})
		a := s.next()
		a.want(`{"type":"hello","id":1,"token":"t1"}`)
		a.say(`{"type":"welcome","user":{"id":"ann"},"ping":3600,"time":"2026-11-22T09:00:00Z","expires":"2026-11-22T09:10:00Z","limits":{}}`)
		a.silent(10*time.Minute - renewBefore - time.Second)
		a.want(`{"type":"hello","id":2,"token":"t2"}`)
		a.say(`{"type":"welcome","user":{"id":"ann"},"ping":3600,"time":"2026-11-22T09:09:30Z","expires":"2026-11-22T09:19:30Z","limits":{}}`,
			`{"type":"ok","id":2}`)
		a.silent(9 * time.Minute)
		a.want(`{"type":"hello","id":3,"token":"t3"}`)
	})
}

func TestTokenFunctionFails(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		fails := true
		s.connect(func(o *Options) {
			o.Token = func(context.Context) (string, error) {
				if fails {
					fails = false
					return "", errors.New("no network")
				}
				return "t", nil
			}
		})
		s.welcomed(`,"token":"t"`)
	})
}

// Backoff doubles up to its ceiling, and no server that is away is asked all the time.
func TestBackoff(t *testing.T) {
	b := backoff{most: 4 * time.Second}
	for _, ceiling := range []time.Duration{500, 1000, 2000, 4000, 4000, 4000} {
		tries := b.tries
		most := time.Duration(0)
		for range 1000 {
			b.tries = tries
			most = max(most, b.next())
		}
		if ceiling *= time.Millisecond; most > ceiling || most < ceiling*9/10 {
			t.Errorf("try %d: waits up to %v, want %v", tries, most, ceiling)
		}
	}
}

func TestSignalsToTheUser(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		a := s.welcomed("")
		for i := range maxSignals + 3 {
			a.say(fmt.Sprintf(`{"type":"signal","kind":"k%d"}`, i))
		}
		synctest.Wait()
		n := 3 // the oldest were dropped
		for sig, err := range c.Signals(t.Context()) {
			if err != nil || sig.Kind != fmt.Sprint("k", n) {
				t.Fatalf("%v, %v, want k%d", sig, err, n)
			}
			if n++; n == maxSignals+3 {
				break
			}
		}
	})
}

func TestRename(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		a := s.welcomed("")
		done := make(chan error, 1)
		go func() { done <- c.Rename(t.Context(), "Anna") }()
		a.want(`{"type":"hello","id":2,"name":"Anna"}`)
		a.cut() // the answer is open: it is asked again
		a = s.welcomed(`,"resume":"r1"`)
		a.want(`{"type":"hello","id":2,"name":"Anna"}`)
		a.say(`{"type":"ok","id":2}`)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		a.cut()
		s.welcomed(`,"resume":"r1","name":"Anna"`)
	})
}

func TestCloseEndsEverything(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		a := s.welcomed("")
		r := s.join(c, a, 0)
		ended := make(chan error, 4)
		go func() { _, err := r.Next(t.Context()); ended <- err }()
		go func() { _, err := r.Send(t.Context(), "x"); ended <- err }()
		go func() { _, _, err := r.Presence(t.Context()); ended <- err }()
		go func() { _, err := c.nextSignal(t.Context()); ended <- err }()
		synctest.Wait()
		go func() { _, _, _ = a.conn.Read(t.Context()); _, _, _ = a.conn.Read(t.Context()); a.gone() }()
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			if err := <-ended; err != ErrClosed {
				t.Errorf("ended with %v", err)
			}
		}
		if err := c.Ready(t.Context()); err != ErrClosed || c.State() != Ended {
			t.Errorf("%v, %s", err, c.State())
		}
		if _, err := c.Join(t.Context(), "s", Start{}); err != ErrClosed {
			t.Errorf("joined: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Error("closed twice:", err)
		}
	})
}

func TestBadAddresses(t *testing.T) {
	for _, address := range []string{"", "localhost:8080", "ftp://x", "ws://", "ws://%zz"} {
		if _, err := Dial(t.Context(), address, nil); err == nil {
			t.Errorf("%q was taken", address)
		}
	}
}
