package engineio_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/transport/engineio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// session is a handler that tells what happens to it.
type session struct {
	pipe     *engineio.Conn
	received chan string
	closed   chan error
}

func (s *session) Receive(m transport.Message) { s.received <- string(m.Data) }
func (s *session) Drain() (more bool)          { return false }
func (s *session) Closed(err error)            { s.closed <- err }

// house is a server and the only session in it.
type house struct {
	t       *testing.T
	server  *engineio.Server
	url     string
	session *session
}

func newHouse(t *testing.T, o engineio.Options) *house {
	t.Helper()
	h := &house{t: t}
	h.server = engineio.NewServer(o, func(c *engineio.Conn, _ *http.Request, _ http.Header) (transport.Handler, error) {
		h.session = &session{pipe: c, received: make(chan string, 16), closed: make(chan error, 1)}
		return h.session, nil
	})
	web := httptest.NewServer(h.server)
	h.url = web.URL + "/?EIO=4&transport=polling"
	t.Cleanup(func() {
		done, cancel := context.WithCancel(context.Background())
		cancel()
		_ = h.server.Close(done)
		http.DefaultClient.CloseIdleConnections()
		web.Close()
	})
	return h
}

func (h *house) do(ctx context.Context, method, body string) (int, string) {
	req, err := http.NewRequestWithContext(ctx, method, h.url, strings.NewReader(body))
	if err != nil {
		h.t.Error(err)
		return 0, ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(text)
}

func (h *house) handshake() {
	h.t.Helper()
	_, text := h.do(h.t.Context(), "GET", "")
	var hello struct{ SID string }
	if err := json.Unmarshal([]byte(text[1:]), &hello); err != nil {
		h.t.Fatalf("%q: %v", text, err)
	}
	h.url += "&sid=" + hello.SID
}

// wait returns what comes on a channel, and fails if it takes too long.
func wait[T any](t *testing.T, what string, c <-chan T) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(time.Minute):
		t.Fatalf("%s does not come", what)
		panic("unreachable")
	}
}

// While the pipe is paused a POST waits with what it has not delivered, and so does its client. A second one at the same time is
// against the protocol.
func TestAPausedPipeHoldsThePost(t *testing.T) {
	h := newHouse(t, engineio.Options{})
	h.handshake()
	h.session.pipe.Pause()
	answers := make(chan int, 2)
	for range 2 {
		go func() {
			status, _ := h.do(context.Background(), "POST", "4one\x1e4two")
			answers <- status
		}()
	}
	if sum := wait(t, "an answer", answers) + wait(t, "an answer", answers); sum != http.StatusOK+http.StatusBadRequest {
		t.Errorf("the sum of the answers is %d", sum)
	}
	if err := wait(t, "the end", h.session.closed); !errors.Is(err, engineio.ErrTransport) {
		t.Errorf("it ended with %v", err)
	}
	if len(h.session.received) > 0 {
		t.Error("something was delivered to a paused pipe")
	}
}

func TestResumeDelivers(t *testing.T) {
	h := newHouse(t, engineio.Options{})
	h.handshake()
	h.session.pipe.Pause()
	answered := make(chan int, 1)
	go func() {
		status, _ := h.do(context.Background(), "POST", "4one\x1e4two")
		answered <- status
	}()
	h.session.pipe.Resume()
	for _, want := range []string{"one", "two"} {
		if got := wait(t, want, h.session.received); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if status := wait(t, "an answer", answered); status != http.StatusOK {
		t.Errorf("the POST is answered with %d", status)
	}
}

// What was sent comes before the close packet, each in an answer of its own.
func TestCloseComesAfterWhatWasSent(t *testing.T) {
	h := newHouse(t, engineio.Options{})
	h.handshake()
	if err := h.session.pipe.Send(transport.Message{Data: []byte("last words")}); err != nil {
		t.Fatal(err)
	}
	h.session.pipe.Close(1000, "")
	if err := h.session.pipe.Send(transport.Message{Data: []byte("more")}); err == nil {
		t.Error("something is sent after Close")
	}
	for _, want := range []string{"4last words", "1"} {
		if _, got := h.do(t.Context(), "GET", ""); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if err := wait(t, "the end", h.session.closed); !errors.Is(err, engineio.ErrForced) {
		t.Errorf("it ended with %v", err)
	}
	if h.server.Len() != 0 {
		t.Error("the connection is still there")
	}
}

// A client that goes away in the middle of a poll has closed its transport.
func TestAPollThatIsGivenUp(t *testing.T) {
	h := newHouse(t, engineio.Options{})
	h.handshake()
	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = h.do(ctx, "GET", "")
	}()
	for !h.session.pipe.Writable() { // until it waits
	}
	cancel()
	wait(t, "the client's end", gone)
	if err := wait(t, "the end", h.session.closed); !errors.Is(err, engineio.ErrTransport) {
		t.Errorf("it ended with %v", err)
	}
}

// Close lets nobody in, and answers who waits.
func TestServerClose(t *testing.T) {
	h := newHouse(t, engineio.Options{})
	h.handshake()
	answer := make(chan string, 1)
	go func() {
		_, text := h.do(context.Background(), "GET", "")
		answer <- text
	}()
	for !h.session.pipe.Writable() {
	}
	if err := h.server.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if got := wait(t, "an answer", answer); got != "1" {
		t.Errorf("got %q", got)
	}
	if err := wait(t, "the end", h.session.closed); !errors.Is(err, engineio.ErrShutdown) {
		t.Errorf("it ended with %v", err)
	}
	if status, text := h.do(t.Context(), "GET", ""); status == http.StatusOK {
		t.Errorf("somebody is let in: %d %s", status, text)
	}
}

// A GET or POST that a network makes again by itself, after its answer was lost, ends the connection: what was in the
// answer is gone, or what was in the POST would be delivered twice. A client finds out, and recovers.
func TestARepeatedRequestIsFoundOut(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		h := newHouse(t, engineio.Options{})
		h.handshake()
		body := map[string]string{"GET": "", "POST": "4one"}[method]
		h.url += "&t=1"
		if method == "GET" {
			if err := h.session.pipe.Send(transport.Message{Data: []byte("lost")}); err != nil {
				t.Fatal(err)
			}
		}
		if status, text := h.do(t.Context(), method, body); status != http.StatusOK {
			t.Fatalf("%s: %d %s", method, status, text)
		}
		http.DefaultClient.CloseIdleConnections() // so that the next one has another
		if status, _ := h.do(t.Context(), method, body); status != http.StatusBadRequest {
			t.Errorf("a %s again is answered by %d", method, status)
		}
		if err := wait(t, "the end", h.session.closed); !errors.Is(err, engineio.ErrTransport) {
			t.Errorf("after a %s again it ended with %v", method, err)
		}
		if n := len(h.session.received); method == "POST" && n != 1 {
			t.Errorf("what was posted once was delivered %d times", n)
		}
	}
}

// The same t on the same connection is a client that does not care.
func TestAConstantStamp(t *testing.T) {
	h := newHouse(t, engineio.Options{})
	h.handshake()
	h.url += "&t=1"
	for range 3 {
		if status, _ := h.do(t.Context(), "POST", "4one"); status != http.StatusOK {
			t.Fatal(status)
		}
	}
}
