package transport

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// talker is a session that says what it is given.
type talker struct {
	pipe Guide

	mu     sync.Mutex // guards what follows
	words  []string
	closed int
	err    error
}

func (h *talker) say(words ...string) {
	h.mu.Lock()
	h.words = append(h.words, words...)
	h.mu.Unlock()
	h.pipe.Wake()
}

func (h *talker) Receive(Message) {}

func (h *talker) Drain() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, w := range h.words {
		h.pipe.Mark(func(b []byte) []byte { return append(b, w...) })
		h.pipe.Ripe()
		_ = h.pipe.Send(Message{Data: []byte(`"` + w + `"`)})
	}
	said := len(h.words) > 0
	h.words = nil
	return said
}

func (h *talker) Closed(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed++
	h.err = err
}

func (h *talker) ended() (times int, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.closed, h.err
}

func (h *talker) open(p Guide) (Handler, error) {
	h.pipe = p
	return h, nil
}

// stuck is a client that takes nothing: a write lasts until its deadline.
type stuck struct {
	*httptest.ResponseRecorder
	deadline time.Time
}

func (s *stuck) SetWriteDeadline(at time.Time) error {
	s.deadline = at
	return nil
}

func (s *stuck) Write([]byte) (int, error) {
	time.Sleep(time.Until(s.deadline))
	return 0, os.ErrDeadlineExceeded
}

// reader is a client that takes everything.
type reader struct {
	*httptest.ResponseRecorder

	mu    sync.Mutex // guards what follows
	taken strings.Builder
}

func (r *reader) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.taken.Write(b)
}

// take returns what came since the last time.
func (r *reader) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.taken.Reset()
	return r.taken.String()
}

func TestStreamCutsWhoDoesNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sse, h := NewSSE(), new(talker)
		begin := time.Now()
		if err := sse.Serve(&stuck{ResponseRecorder: httptest.NewRecorder()}, httptest.NewRequest("GET", "/", nil), h.open); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != writeTimeout {
			t.Errorf("it took %v", took)
		}
		if n, err := h.ended(); n != 1 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("Closed %d times, with %v", n, err)
		}
		if err := sse.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func TestStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sse, h, w := NewSSE(), new(talker), &reader{ResponseRecorder: httptest.NewRecorder()}
		served := make(chan error)
		go func() { served <- sse.Serve(w, httptest.NewRequest("GET", "/", nil), h.open) }()
		synctest.Wait()
		h.say("a", "b")
		synctest.Wait()
		head, said, _ := strings.Cut(w.take(), "\n\n")
		if len(head) < prelude || !strings.HasPrefix(head, ":   ") || !strings.Contains(head, "\nretry: ") {
			t.Errorf("it begins with %q", head)
		}
		if want := "id: a\ndata: \"a\"\n\nid: b\ndata: \"b\"\n\n"; said != want {
			t.Errorf("it said %q, want %q", said, want)
		}
		time.Sleep(2*beatInterval + time.Second)
		synctest.Wait()
		if got := w.take(); got != ":\n\n:\n\n" {
			t.Errorf("in the silence it said %q", got)
		}
		if err := sse.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
		if n, err := h.ended(); n != 1 || err != nil {
			t.Errorf("Closed %d times, with %v", n, err)
		}
		if err := sse.Serve(w, httptest.NewRequest("GET", "/", nil), h.open); !errors.Is(err, ErrClosing) {
			t.Errorf("after Close: %v", err)
		}
	})
}

// asked is a request that waits.
type asked struct {
	*Waiting
	answers chan said
}

type said struct {
	text string
	last bool
}

// await lets a request wait that may go on with h's poll.
func await(t *testing.T, l *LongPoll, h *talker, at string, wait time.Duration) *asked {
	t.Helper()
	a := &asked{answers: make(chan said, 1)}
	var err error
	a.Waiting, err = l.Ask(Ask{At: at, Owner: "ann", Wait: wait, Open: h.open,
		Again: func(Handler, bool) bool { return true },
		Reply: func(text Answer, last bool) { a.answers <- said{string(slices.Concat(text...)), last} }})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *asked) hear() string { return (<-a.answers).text }

// ask is a request that may go on with h's poll.
func ask(t *testing.T, l *LongPoll, h *talker, at string, wait time.Duration) string {
	t.Helper()
	return await(t, l, h, at, wait).hear()
}

// at returns what to ask with next.
func at(answer string) string {
	_, rest, _ := strings.Cut(answer, `"at":"`)
	at, _, _ := strings.Cut(rest, `"`)
	return at
}

func TestPollsLinger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := NewLongPoll(), new(talker)
		begin := time.Now()
		first := ask(t, l, h, "", 7*time.Second)
		if !strings.Contains(first, `"events":[]`) || time.Since(begin) != 7*time.Second {
			t.Errorf("after %v: %s", time.Since(begin), first)
		}
		h.say("meanwhile")
		time.Sleep(lingering - time.Second)
		begin = time.Now()
		second := ask(t, l, h, at(first), time.Minute)
		if !strings.HasPrefix(second, `{"rooms":"meanwhile"`) || time.Since(begin) != gathering {
			t.Errorf("after %v: %s", time.Since(begin), second)
		}
		if _, err := l.Ask(Ask{At: at(second), Owner: "bob", Open: func(Guide) (Handler, error) {
			return nil, errors.New("not Bob's")
		}}); err == nil {
			t.Error("Bob goes on with Ann's poll")
		}
		time.Sleep(lingering + time.Second)
		if n, _ := h.ended(); n != 1 || l.Len() != 0 {
			t.Errorf("Closed %d times; %d polls are left", n, l.Len())
		}
		other := new(talker)
		if third := ask(t, l, other, at(second), 0); at(third) == "" || strings.Contains(third, "meanwhile") {
			t.Errorf("a new one: %s", third)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n, _ := other.ended(); n != 1 {
			t.Errorf("Closed %d times by Close", n)
		}
	})
}

func TestOriginAllowed(t *testing.T) {
	for _, c := range []struct {
		headers string
		allowed bool
	}{
		{"", true},
		{"Origin: http://example.com", true},
		{"Origin: https://friend.org", true},
		{"Origin: https://evil.org", false},
		{"Origin: null", false},
		{"Sec-Fetch-Site: same-origin", true},
		{"Sec-Fetch-Site: none", true},
		{"Sec-Fetch-Site: same-site", false},
		{"Sec-Fetch-Site: cross-site", false},
	} {
		r := httptest.NewRequest("GET", "http://example.com/", nil)
		if name, value, ok := strings.Cut(c.headers, ": "); ok {
			r.Header = http.Header{name: {value}}
		}
		if got := OriginAllowed(r, []string{"friend.org"}); got != c.allowed {
			t.Errorf("%q: %v", c.headers, got)
		}
	}
}
