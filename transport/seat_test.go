package transport

import (
	"bufio"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// parkable is a request of a client that waits at the other end of a connection, as lines.
type parkable struct {
	client net.Conn
	lines  *bufio.Reader
	parked *Parked
	last   bool
}

func newParkable() *parkable {
	server, client := net.Pipe()
	k := &parkable{client: client, lines: bufio.NewReader(client)}
	k.parked = &Parked{Conn: server, Idle: time.Minute, Reply: func(a Answer, last bool) error {
		k.last = last
		_, err := server.Write(slices.Concat(a...))
		return err
	}}
	return k
}

func (k *parkable) hear(t *testing.T) string {
	t.Helper()
	line, err := k.lines.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return line
}

// wait parks a request that goes on with h's poll.
func (k *parkable) wait(t *testing.T, l *LongPoll, h *talker, at string, wait time.Duration) {
	t.Helper()
	a := Ask{At: at, Owner: "ann", Wait: wait, Open: h.open, Again: func(Handler, bool) bool { return true },
		Park: func() *Parked { return k.parked }}
	if answer, err := l.Ask(t.Context(), a); !errors.Is(err, ErrParked) {
		t.Fatalf("not parked: %s, %v", answer, err)
	}
}

// serveReturned accepts what comes back.
func serveReturned(l *LongPoll) <-chan net.Conn {
	back := make(chan net.Conn)
	go func() {
		defer close(back)
		for {
			c, err := l.Returned().Accept()
			if err != nil {
				return
			}
			back <- c
		}
	}()
	synctest.Wait()
	return back
}

// TestParked: a request that was parked hears the news, at its time that there are none, and that another is here;
// then its connection serves the next request, with all that the client has sent.
func TestParked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := NewLongPoll(), new(talker)
		back := serveReturned(l)
		first := ask(t, l, h, "", 0)

		k := newParkable()
		k.wait(t, l, h, at(first), time.Minute)
		time.Sleep(10 * time.Second)
		begin := time.Now()
		h.say("news", "more")
		second := k.hear(t)
		if !strings.Contains(second, `"events":["news","more"]`) || k.last || time.Since(begin) != gathering {
			t.Errorf("after %v: %s (last: %v)", time.Since(begin), second, k.last)
		}
		go func() { _, _ = k.client.Write([]byte("GET")) }()
		c := <-back
		request := make([]byte, 3)
		for n := 0; n < len(request); {
			m, err := c.Read(request[n:])
			if err != nil {
				t.Fatal(err)
			}
			n += m
		}
		if string(request) != "GET" {
			t.Errorf("the next request begins with %q", request)
		}

		k.parked.Conn = c // as a server that parks it again
		begin = time.Now()
		k.wait(t, l, h, at(second), 7*time.Second)
		third := k.hear(t)
		if !strings.Contains(third, `"events":[]`) || time.Since(begin) != 7*time.Second {
			t.Errorf("after %v: %s", time.Since(begin), third)
		}

		k = newParkable()
		k.wait(t, l, h, at(third), time.Minute)
		other := newParkable()
		other.wait(t, l, h, at(third), time.Minute)
		if got := k.hear(t); got != `{"events":[]}`+"\n" {
			t.Errorf("who was replaced hears %s", got)
		}
		h.say("for the other")
		if got := other.hear(t); !strings.Contains(got, "for the other") {
			t.Error(got)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		_ = l.Returned().Close()
		<-back
	})
}

// TestParkedEnds: a client that leaves is seen at once, one that says something early is answered, one that does not
// come again is let go, and Close answers those who wait.
func TestParkedEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := NewLongPoll(), new(talker)
		back := serveReturned(l)
		k := newParkable()
		answer := ask(t, l, h, "", 0)
		k.wait(t, l, h, at(answer), time.Minute)
		k.client.Close()
		time.Sleep(lingering + time.Second)
		if n, _ := h.ended(); n != 1 || l.Len() != 0 {
			t.Errorf("the client left: closed %d times, %d are left", n, l.Len())
		}

		h, k = new(talker), newParkable()
		answer = ask(t, l, h, "", 0)
		k.wait(t, l, h, at(answer), time.Minute)
		begin := time.Now()
		go func() { _, _ = k.client.Write([]byte("G")) }()
		answer = k.hear(t)
		if !strings.Contains(answer, `"events":[]`) || time.Since(begin) > gathering {
			t.Errorf("after %v: %s", time.Since(begin), answer)
		}
		b := make([]byte, 8)
		if n, err := (<-back).Read(b); n != 1 || b[0] != 'G' || err != nil {
			t.Errorf("%q, %v", b[:n], err)
		}

		k = newParkable()
		k.wait(t, l, h, at(answer), time.Second)
		k.hear(t)
		time.Sleep(k.parked.Idle + time.Second)
		if _, err := k.client.Read(b); err == nil {
			t.Error("an idle connection is kept")
		}

		h, k = new(talker), newParkable()
		answer = ask(t, l, h, "", 0)
		k.wait(t, l, h, at(answer), time.Minute)
		idle := newParkable()
		other := new(talker)
		idle.wait(t, l, other, at(ask(t, l, other, "", 0)), time.Second)
		idle.hear(t)
		closed := make(chan error, 1)
		go func() { closed <- l.Close(t.Context()) }()
		if answer = k.hear(t); !k.last {
			t.Errorf("not the last: %s", answer)
		}
		if err := <-closed; err != nil {
			t.Error(err)
		}
		if _, err := idle.client.Read(b); err == nil {
			t.Error("an idle connection outlives Close")
		}
		_ = l.Returned().Close()
		<-back
	})
}
