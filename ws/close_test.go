package ws

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/internal/memnet"
)

// TestCloseHandshake: Close sends one close frame after what was sent, drops what still comes, and
// ends with the peer's answer.
func TestCloseHandshake(t *testing.T) {
	for _, side := range []Side{Server, Client} {
		synctest.Test(t, func(t *testing.T) {
			c, p := memPair(t, side, Options{})
			_ = c.Send(Text, []byte("before"))
			closed := make(chan error, 1)
			go func() { closed <- c.Close(4001, "enough") }()
			p.want("sent before", 0x81, "before")
			if reason := p.wantClose("close", 4001); reason != "enough" {
				t.Fatalf("reason %q", reason)
			}
			if err := c.Send(Text, nil); !errors.Is(err, ErrClosed) || !errors.Is(err, net.ErrClosed) {
				t.Fatalf("send after Close: %v", err)
			}
			if err := c.Write(t.Context(), Text, nil); !errors.Is(err, ErrClosed) {
				t.Fatalf("write after Close: %v", err)
			}
			p.write(p.fr(0x81, "dropped"), p.fr(0x89, "not answered"), p.fr(0x88, closePayload(4001, "")))
			if side == Server {
				p.wantEnd("the server ends the connection")
			} else {
				synctest.Wait()
				if len(closed) != 0 {
					t.Fatal("the client did not wait for the server to end the connection")
				}
			}
			_ = p.nc.Close()
			if err := <-closed; err != nil {
				t.Fatal(err)
			}
			if e := wantAs[*CloseError](t, c.Write(t.Context(), Text, nil)); e.Code != 4001 {
				t.Fatalf("%+v", e)
			}
			if err := c.Close(1000, ""); err != nil {
				t.Fatalf("Close again: %v", err)
			}
		})
	}
}

// TestCloseCrosses: both sides close at once; each sends one close frame.
func TestCloseCrosses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		reads := make(chan error, 1)
		go func() {
			_, _, err := c.Read(context.Background())
			reads <- err
		}()
		p.write(p.fr(0x88, closePayload(3000, "mine")))
		if err := c.Close(3001, "ours"); err != nil {
			t.Fatal(err)
		}
		first, payload, err := p.read()
		if err != nil || first != 0x88 || len(payload) < 2 {
			t.Fatalf("frame %#x %q, %v", first, payload, err)
		}
		p.wantEnd("one close frame")
		if e := wantAs[*CloseError](t, <-reads); e.Code != 3000 || e.Reason != "mine" {
			t.Fatalf("%+v", e)
		}
	})
}

// TestCloseTimeout: a peer that does not answer is waited for no longer than that.
func TestCloseTimeout(t *testing.T) {
	for name, push := range map[string]bool{"pull": false, "push": true} {
		synctest.Test(t, func(t *testing.T) {
			c, p := memPair(t, Server, Options{CloseTimeout: 3 * time.Second})
			start := time.Now()
			var err error
			if push {
				rec := newRecorder()
				c.Start(rec)
				c.Shut(1000, "")
				err = <-rec.closed
			} else {
				err = c.Close(1000, "")
			}
			if e := wantAs[*TimeoutError](t, err); e.Op != "close" || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %+v", name, e)
			}
			if d := time.Since(start); d != 3*time.Second {
				t.Errorf("%s: after %v", name, d)
			}
			p.wantClose(name, 1000)
		})
	}
}

// TestCloseBehindABacklog: Closed follows within CloseTimeout also when the close frame cannot leave.
func TestCloseBehindABacklog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := memPair(t, Server, Options{WriteTimeout: time.Hour})
		rec := newRecorder()
		c.Start(rec)
		_ = c.Send(Binary, make([]byte, 500_000))
		start := time.Now()
		c.Shut(1000, "")
		wantAs[*TimeoutError](t, <-rec.closed)
		if d := time.Since(start); d != defaultCloseTimeout {
			t.Errorf("after %v", d)
		}
	})
}

func TestShutCleansItsArguments(t *testing.T) {
	tests := []struct {
		code   StatusCode
		reason string
		want   StatusCode
		text   string
	}{
		{StatusNoStatus, "", StatusNoStatus, ""},
		{1006, "x", StatusInternal, "x"},
		{1000, strings.Repeat("é", 100), 1000, strings.Repeat("é", 61)},
		{1000, "a\xffb", 1000, "a\uFFFDb"},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			c, p := memPair(t, Server, Options{})
			c.Start(newRecorder())
			c.Pause() // Shut ends it
			c.Shut(tt.code, tt.reason)
			if got := p.wantClose("shut", tt.want); got != tt.text {
				t.Errorf("reason %q, want %q", got, tt.text)
			}
			p.write(p.fr(0x81, "dropped"), p.fr(0x88, ""))
			p.wantEnd("the peer's close was read")
		})
	}
}

func TestCloseChecksItsArguments(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		for _, err := range []error{
			c.Close(1006, ""), c.Close(999, ""), c.Close(StatusNoStatus, "why"),
			c.Close(1000, strings.Repeat("x", 124)), c.Close(1000, "\xff"),
		} {
			if err == nil {
				t.Error("taken")
			}
		}
		if err := c.Write(t.Context(), Text, []byte("alive")); err != nil {
			t.Fatal(err)
		}
		p.want("alive", 0x81, "alive")
	})
}

// TestLost: an end without a close frame is StatusAbnormal, with what the network said.
func TestLost(t *testing.T) {
	cuts := map[string]func(nc *memnet.Conn){
		"closed":           func(nc *memnet.Conn) { _ = nc.Close() },
		"half-closed":      func(nc *memnet.Conn) { _ = nc.CloseWrite() },
		"reset":            func(nc *memnet.Conn) { nc.Reset() },
		"closed in header": func(nc *memnet.Conn) { _, _ = nc.Write([]byte{0x81}); _ = nc.Close() },
	}
	for name, cut := range cuts {
		synctest.Test(t, func(t *testing.T) {
			c, p := memPair(t, Server, Options{})
			cut(p.nc.(*memnet.Conn))
			_, _, err := c.Read(t.Context())
			e := wantAs[*CloseError](t, err)
			if e.Code != StatusAbnormal || e.Err == nil || name != "reset" && !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

// TestHalfClose: a peer that has said its close frame and ended its direction still gets what was
// sent, and the answer.
func TestHalfClose(t *testing.T) {
	allNets(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		c.Start(&echoHandler{make(chan error, 1)})
		p.write(p.fr(0x81, "last words"), p.fr(0x88, closePayload(1000, "")))
		_ = p.nc.(interface{ CloseWrite() error }).CloseWrite()
		p.want("echo", 0x81, "last words")
		p.wantClose("answer", 1000)
		p.wantEnd("end")
	})
}

// TestCloseFrameSurvives: a peer that has sent much more than was read still reads why it was refused, and
// a clean end. Were the socket closed at once, a reset would come, which may overtake the close frame.
func TestCloseFrameSurvives(t *testing.T) {
	for range 20 {
		c, p := tcpPair(t, Server, Options{MaxMessage: 1000})
		ended := echo(c, true)
		p.write(p.fr(0x82, strings.Repeat("x", 60_000)), p.fr(0x82, strings.Repeat("x", 60_000)))
		p.wantClose("too big", StatusTooBig)
		p.wantEnd("no reset")
		_ = p.nc.Close()
		wantAs[*TooBigError](t, <-ended)
	}
}

// TestLingerIsBounded: a peer that keeps sending after its mistake is left within a second.
func TestLingerIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		ended := echo(c, false)
		start := time.Now()
		p.write([]byte{0xFF})
		p.wantClose("mistake", 1002)
		wantAs[*ProtocolError](t, <-ended)
		if d := time.Since(start); d != lingerTime {
			t.Errorf("after %v", d)
		}
	})
}

func TestCloseNow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Client, Options{})
		reads := make(chan error, 1)
		go func() {
			_, _, err := c.Read(context.Background())
			reads <- err
		}()
		synctest.Wait()
		_ = c.CloseNow()
		if err := <-reads; !errors.Is(err, ErrClosed) {
			t.Fatalf("pending read: %v", err)
		}
		if err := c.Close(1000, ""); !errors.Is(err, ErrClosed) {
			t.Fatalf("Close: %v", err)
		}
		p.wantEnd("no close frame")
		<-c.Done()
	})
}
