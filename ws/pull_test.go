package ws

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/internal/memnet"
)

// TestReadContext: a Read that was given up loses nothing, not even in the middle of a frame.
func TestReadContext(t *testing.T) {
	allNets(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		whole := p.fr(0x81, "hello")
		for i := range whole {
			p.write(whole[i : i+1])
			if i == len(whole)-1 {
				break
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
			if _, _, err := c.Read(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Fatalf("after %d bytes: %v", i+1, err)
			}
			cancel()
		}
		if _, data, err := c.Read(t.Context()); err != nil || string(data) != "hello" {
			t.Fatalf("%q, %v", data, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := c.Read(ctx); !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	})
}

// TestReadOwnsItsBytes: what Read returned does not change with what comes later.
func TestReadOwnsItsBytes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		p.write(p.fr(0x81, "first"), p.fr(0x01, "sec"), p.fr(0x80, "ond"), p.fr(0x81, "third"))
		var kept []string
		var raw [][]byte
		for range 3 {
			_, data, err := c.Read(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			raw, kept = append(raw, data), append(kept, string(data))
		}
		p.write(p.fr(0x81, strings.Repeat("x", 10_000)))
		_, _, _ = c.Read(t.Context())
		for i := range raw {
			if string(raw[i]) != kept[i] {
				t.Errorf("%q became %q", kept[i], raw[i])
			}
		}
	})
}

// TestWriteContext: a Write that waits for its turn can be given up, one that has begun cannot
// without the connection.
func TestWriteContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{WriteTimeout: time.Hour})
		big := strings.Repeat("x", 2*memnet.DefaultBuffer)
		first := make(chan error, 1)
		go func() { first <- c.Write(context.Background(), Binary, []byte(big)) }()
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Write(ctx, Text, []byte("given up")); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		p.want("the first", 0x82, big)
		if err := <-first; err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), Text, []byte("next")); err != nil {
			t.Fatal(err)
		}
		p.want("nothing between", 0x81, "next")

		ctx, cancel = context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := c.Write(ctx, Binary, []byte(big)); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
		if _, _, err := c.Read(t.Context()); !errors.Is(err, ErrClosed) {
			t.Fatalf("after half a frame: %v", err)
		}
	})
}

func TestWriteTimeout(t *testing.T) {
	allNets(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, _ := pair(Client, Options{WriteTimeout: 50 * time.Millisecond})
		err := c.Write(t.Context(), Binary, make([]byte, 16<<20))
		if e := wantAs[*TimeoutError](t, err); e.Op != "write" {
			t.Fatalf("%+v", e)
		}
	})
}

func TestPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := memnet.Pipe()
		server, client := newConn(a, Server, "", Options{}, nil, nil), newConn(b, Client, "", Options{}, nil, nil)
		defer server.CloseNow()
		defer client.CloseNow()
		echo(server, false)
		echo(client, false)
		if err := client.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := server.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		_ = server.CloseNow()
		synctest.Wait()
		if err := client.Ping(t.Context()); err == nil {
			t.Fatal("pong from the dead")
		}
	})
}

// TestPingWaits: only its own pong answers a Ping, and the context bounds the wait.
func TestPingWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, Options{})
		c.Start(newRecorder())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		p.write(p.fr(0x8A, "unasked"), p.fr(0x8A, "12345678"))
		if err := c.Ping(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatal(err)
		}
	})
}

// TestKeepalive: a silent peer is dropped after PingInterval and PongTimeout, in both forms; one that
// says anything is not, and neither is one that we do not listen to.
func TestKeepalive(t *testing.T) {
	o := Options{PingInterval: 20 * time.Second, PongTimeout: 5 * time.Second}
	for name, push := range map[string]bool{"pull": false, "push": true} {
		synctest.Test(t, func(t *testing.T) {
			c, p := memPair(t, Server, o)
			ended := echo(c, push)
			start := time.Now()
			for i := range 3 {
				p.want("ping", 0x89, "")
				if d := time.Since(start); d != time.Duration(i+1)*20*time.Second {
					t.Fatalf("%s: ping %d after %v", name, i, d)
				}
				if i == 1 {
					p.write(p.fr(0x81, "as good as a pong"))
					p.want("echo", 0x81, "as good as a pong")
					continue
				}
				if i == 0 {
					p.write(p.fr(0x8A, ""))
				}
			}
			e := wantAs[*TimeoutError](t, <-ended)
			if d := time.Since(start); e.Op != "pong" || d != 65*time.Second {
				t.Fatalf("%s: %v after %v", name, e, d)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Server, o)
		rec := newRecorder()
		c.Start(rec)
		p.write(p.fr(0x81, "x"))
		<-rec.messages
		c.Pause()
		p.write(p.fr(0x81, "y"))
		for range 10 {
			p.want("ping", 0x89, "")
		}
		if len(rec.closed) > 0 {
			t.Fatalf("paused, and dropped: %v", <-rec.closed)
		}
		c.Resume()
		<-rec.messages
	})
	synctest.Test(t, func(t *testing.T) {
		c, p := memPair(t, Client, Options{PingInterval: time.Second})
		for range 10 {
			p.want("ping", 0x89, "")
		}
		if err := c.end.reason(); err != nil {
			t.Fatalf("nobody reads, and dropped: %v", err)
		}
	})
}
