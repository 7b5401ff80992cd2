package hostile

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/vechehq/veche/ws"
)

func TestSameSeedSameSchedule(t *testing.T) {
	seen := map[Act]bool{}
	differ := false
	for _, kind := range []Kind{Upgrade, Stream, Request} {
		for n := range 300 {
			x := Exchange{Kind: kind, N: n}
			f := Random(7)(x)
			if again := Random(7)(x); again != f {
				t.Fatalf("%s %d: %v, then %v", kind, n, f, again)
			}
			differ = differ || Random(8)(x) != f
			seen[f.Act] = true
		}
	}
	if !differ {
		t.Error("another seed gives the same schedule")
	}
	for _, act := range []Act{Pass, Drop, Lose, Refuse, Replace, Cut, CutUp, Swallow, Buffer} {
		if !seen[act] {
			t.Errorf("%s never happens", act)
		}
	}
}

func TestOddsAddUp(t *testing.T) {
	for kind, choices := range odds {
		sum := 0
		for _, c := range choices {
			sum += c.share
		}
		if sum != 100 {
			t.Errorf("%s: %d", kind, sum)
		}
	}
}

// start starts a proxy before a server, and counts what reaches the server.
func start(t *testing.T, plan Plan, handle http.HandlerFunc) (p *Proxy, reached *atomic.Int32) {
	t.Helper()
	reached = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reached.Add(1)
		handle(w, r)
	}))
	t.Cleanup(s.Close)
	p, err := New(strings.TrimPrefix(s.URL, "http://"), plan)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p, reached
}

func TestRequests(t *testing.T) {
	tests := []struct {
		fault   Fault
		status  int // 0: no answer
		short   bool
		reached int32
	}{
		{Fault{}, 200, false, 1},
		{Fault{Delay: time.Millisecond}, 200, false, 1},
		{Fault{Act: Drop}, 0, false, 0},
		{Fault{Act: Lose}, 0, false, 1},
		{Fault{Act: Refuse, Status: 502}, 502, false, 0},
		{Fault{Act: Replace, Status: 504}, 504, false, 1},
		{Fault{Act: Cut, After: 400}, 200, true, 1},
		{Fault{Act: Swallow, After: 400, Hold: 10 * time.Millisecond}, 200, true, 1},
		{Fault{Act: Buffer, After: 300}, 200, false, 1},
	}
	for _, tt := range tests {
		t.Run(tt.fault.String(), func(t *testing.T) {
			body := strings.Repeat("x", 1000)
			p, reached := start(t, Always(Request, tt.fault), func(w http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(w, body)
			})
			client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
			// A POST, which the client does not repeat by itself.
			res, err := client.Post(p.URL("http", "/"), "text/plain", strings.NewReader("hello"))
			switch {
			case tt.status == 0 && err == nil:
				t.Error("there is an answer")
			case tt.status != 0 && err != nil:
				t.Fatal(err)
			case tt.status != 0:
				defer res.Body.Close()
				got, err := io.ReadAll(res.Body)
				if res.StatusCode != tt.status {
					t.Errorf("status %d, want %d", res.StatusCode, tt.status)
				}
				if tt.short != (err != nil) {
					t.Errorf("the body ended with %v after %d bytes", err, len(got))
				}
				if tt.status == 200 && !strings.HasPrefix(body, string(got)) {
					t.Error("bytes were altered")
				}
			}
			if got := reached.Load(); got != tt.reached {
				t.Errorf("the server saw %d requests, want %d", got, tt.reached)
			}
			if log := p.Log(); len(log) != 1 || !reflect.DeepEqual(log[0].Exchange, Exchange{Request, 0, "POST", "/"}) {
				t.Errorf("log %v", log)
			}
		})
	}
}

// echo answers each WebSocket message with itself.
func echo(w http.ResponseWriter, r *http.Request) {
	c, err := ws.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer c.CloseNow()
	for {
		typ, b, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), typ, b) != nil {
			return
		}
	}
}

func TestUpgrades(t *testing.T) {
	const size = 100 // bytes of a message
	tests := []struct {
		fault  Fault
		opens  bool
		echoes int // messages that come back before the end; -1: all
	}{
		{Fault{}, true, -1},
		{Fault{Act: Refuse, Status: 426}, false, 0},
		{Fault{Act: Refuse, Status: 200}, false, 0},
		{Fault{Act: Drop}, false, 0},
		{Fault{Act: Cut, After: 129 + 3*(2+size) + 50}, true, 3},
		{Fault{Act: CutUp, After: 3*(6+size) + 50}, true, 3},
		{Fault{Act: Swallow, After: 129 + 3*(2+size) + 50, Hold: 20 * time.Millisecond}, true, 3},
	}
	for _, tt := range tests {
		t.Run(tt.fault.String(), func(t *testing.T) {
			p, _ := start(t, Always(Upgrade, tt.fault), echo)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			c, _, err := ws.Dial(ctx, p.URL("ws", "/"), nil)
			if opens := err == nil; opens != tt.opens {
				t.Fatalf("dial: %v", err)
			}
			if err != nil {
				return
			}
			defer c.CloseNow()
			n := 0
			for ; n < 10; n++ {
				if c.Write(ctx, ws.Binary, make([]byte, size)) != nil {
					break
				}
				if _, _, err := c.Read(ctx); err != nil {
					if ctx.Err() != nil {
						t.Fatal("the connection was never cut")
					}
					break
				}
			}
			if tt.echoes >= 0 && n != tt.echoes || tt.echoes < 0 && n != 10 {
				t.Errorf("%d messages came back", n)
			}
		})
	}
}

func TestCalmEndsTheBadWeather(t *testing.T) {
	p, _ := start(t, Always(Upgrade, Fault{Act: Swallow, After: 1}), echo)
	nc, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_, _ = io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
	if _, err := io.ReadFull(nc, make([]byte, 1)); err != nil {
		t.Fatal("the first byte was swallowed:", err)
	}
	_ = nc.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
	if _, err := nc.Read(make([]byte, 1)); !isTimeout(err) {
		t.Fatal("more than one byte passed, or the connection ended:", err)
	}
	_ = nc.SetReadDeadline(time.Now().Add(time.Minute))
	p.Calm()
	if _, err := nc.Read(make([]byte, 1)); err == nil || isTimeout(err) {
		t.Fatal("what was swallowed was not cut:", err)
	}
	c, _, err := ws.Dial(t.Context(), p.URL("ws", "/"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.CloseNow()
}

// The end of an answer that was swallowed in the middle is swallowed too.
func TestNothingFollowsWhatWasSwallowed(t *testing.T) {
	p, _ := start(t, Always(Stream, Fault{Act: Swallow, After: 300}), func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", 1000))
		w.(http.Flusher).Flush()
	})
	nc, err := net.Dial("tcp", p.Addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_, _ = io.WriteString(nc, "GET / HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n")
	_ = nc.SetReadDeadline(time.Now().Add(time.Minute))
	if n, err := io.ReadFull(nc, make([]byte, 300)); err != nil {
		t.Fatalf("%d bytes passed of 300, and then: %v", n, err)
	}
	_ = nc.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, err := nc.Read(make([]byte, 1)); !isTimeout(err) {
		t.Errorf("%d bytes more passed, and then: %v", n, err)
	}
}

// A fault that takes another's place leaves no hole in what was gathered until then.
func TestNewFaultLetsOutWhatWasGathered(t *testing.T) {
	near, far := net.Pipe()
	l := newLine(near)
	got := make(chan string, 1)
	go func() {
		all, _ := io.ReadAll(far)
		got <- string(all)
	}()
	l.arm(Fault{Act: Buffer, After: 1 << 20})
	_, _ = io.WriteString(l, "one ")
	l.arm(Fault{Act: Pass})
	_, _ = io.WriteString(l, "two")
	_ = l.Close()
	if all := <-got; all != "one two" {
		t.Errorf("%q arrived", all)
	}
}

// Strike reaches connections that are open, and Relieve ends what does not end by itself.
func TestStrike(t *testing.T) {
	p, _ := start(t, func(Exchange) Fault { return Fault{} }, echo)
	dial := func() *ws.Conn {
		c, _, err := ws.Dial(t.Context(), p.URL("ws", "/"), nil)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = c.CloseNow() })
		return c
	}
	talk := func(c *ws.Conn) error {
		if err := c.Write(t.Context(), ws.Binary, make([]byte, 100)); err != nil {
			return err
		}
		_, _, err := c.Read(t.Context())
		return err
	}
	c := dial()
	p.Strike(1, 1, Fault{Act: Pass, Delay: 20 * time.Millisecond})
	if began := time.Now(); talk(c) != nil || time.Since(began) < 20*time.Millisecond {
		t.Error("an open connection is not slow")
	}
	p.Relieve()
	p.Strike(1, 0, Fault{Act: Cut})
	if err := talk(c); err != nil {
		t.Error("none was to be struck:", err)
	}
	p.Strike(1, 1, Fault{Act: Cut, After: 150})
	if err := talk(c); err != nil {
		t.Error("it was cut too early:", err)
	}
	if talk(c) == nil {
		t.Error("it was not cut")
	}
	c = dial()
	if err := talk(c); err != nil {
		t.Error("a new connection is struck:", err)
	}
	p.HangUp()
	if err := talk(c); err == nil || errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after the end of the connection: %v", err)
	}
	c = dial()
	p.CutAll()
	if _, _, err := c.Read(t.Context()); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("after a reset: %v", err)
	}
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}
