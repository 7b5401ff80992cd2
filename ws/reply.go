package ws

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// reply is the http.ResponseWriter of a request that came through a door. What the handler says is gathered, and leaves
// with finish, with its length; an answer above maxGathered, or flushed, leaves in chunks.
type reply struct {
	to    sink
	limit time.Duration // of writing the answer; 0: none

	header http.Header // the handler's; what WriteHeader saw of it is in sent
	sent   http.Header
	status int   // 0: WriteHeader was not called
	taken  bool  // the connection is somebody else's
	sized  bool  // the handler has said how long its body is
	left   int64 // of that, what it has not written
	body   []byte
	chunks io.WriteCloser // nil: the head of the answer has not left
	err    error          // of writing
}

// sink is what a reply goes to.
type sink interface {
	io.Writer
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

const maxGathered = 32 << 10 // bytes

func (a *reply) Header() http.Header { return a.header }

// WriteHeader leaves out informational answers, which nobody needs to see.
func (a *reply) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // net/http's words
	case a.taken || a.status != 0 || status < 200 && status != http.StatusSwitchingProtocols:
		return
	}
	a.status, a.sent = status, a.header.Clone()
	if n, err := strconv.ParseInt(a.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 && a.hasBody() {
		a.sized, a.left = true, n
	} else {
		a.sent.Del("Content-Length")
	}
	a.sent.Del("Transfer-Encoding")
}

// hasBody: RFC 9110, section 6.4.1.
func (a *reply) hasBody() bool {
	return a.status >= 200 && a.status != http.StatusNoContent && a.status != http.StatusNotModified
}

func (a *reply) Write(p []byte) (int, error) {
	if a.taken {
		return 0, http.ErrHijacked
	}
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	if !a.hasBody() {
		return 0, http.ErrBodyNotAllowed
	}
	if a.left -= int64(len(p)); a.sized && a.left < 0 {
		return 0, http.ErrContentLength
	}
	if a.chunks == nil && len(a.body)+len(p) <= maxGathered {
		a.body = append(a.body, p...)
		return len(p), nil
	}
	if a.begin(); a.err != nil {
		return 0, a.err
	}
	n, err := a.chunks.Write(p)
	a.err = err
	return n, err
}

// FlushError is http.ResponseController's.
func (a *reply) FlushError() error {
	if a.taken {
		return http.ErrHijacked
	}
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	a.begin()
	return a.err
}

// Flush is http.Flusher's.
func (a *reply) Flush() { _ = a.FlushError() }

// SetReadDeadline and SetWriteDeadline are http.ResponseController's.
func (a *reply) SetReadDeadline(t time.Time) error { return a.to.SetReadDeadline(t) }

func (a *reply) SetWriteDeadline(t time.Time) error { return a.to.SetWriteDeadline(t) }

// begin sends the head of an answer whose end is not known, and what there is of its body.
func (a *reply) begin() {
	if a.chunks != nil || a.err != nil {
		return
	}
	a.describe()
	switch {
	case a.sized || !a.hasBody():
		a.chunks = unchunked{a.to}
	default:
		a.sent.Set("Transfer-Encoding", "chunked")
		a.chunks = httputil.NewChunkedWriter(a.to)
	}
	if a.err = a.writeHead(nil); a.err == nil && len(a.body) > 0 {
		_, a.err = a.chunks.Write(a.body)
	}
	a.body = nil
}

type unchunked struct{ io.Writer }

func (unchunked) Close() error { return nil }

// describe adds what net/http says of an answer by itself.
func (a *reply) describe() {
	add := func(name, value string) {
		if _, ok := a.sent[name]; !ok { // nil suppresses it
			a.sent[name] = []string{value}
		}
	}
	add("Date", time.Now().UTC().Format(http.TimeFormat))
	if len(a.body) > 0 && a.sent.Get("Content-Encoding") == "" {
		add("Content-Type", http.DetectContentType(a.body))
	}
}

// writeHead sends the head and a body that is there already.
func (a *reply) writeHead(body []byte) error {
	var b bytes.Buffer
	text := http.StatusText(a.status)
	if text == "" {
		text = fmt.Sprint("status code ", a.status)
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", a.status, text)
	_ = a.sent.Write(&b) // writes to memory do not fail
	b.WriteString("\r\n")
	b.Write(body)
	if a.limit > 0 {
		_ = a.to.SetWriteDeadline(time.Now().Add(a.limit))
	}
	_, err := a.to.Write(b.Bytes())
	return err
}

// finish completes the answer and reports whether the connection may serve another request.
func (a *reply) finish() (again bool) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	switch {
	case a.chunks == nil:
		a.describe()
		if a.hasBody() && !a.sized {
			a.sent.Set("Content-Length", strconv.Itoa(len(a.body)))
		}
		a.err = a.writeHead(a.body)
	case a.err == nil:
		a.err = a.chunks.Close()
		if _, ok := a.chunks.(unchunked); !ok && a.err == nil {
			_, a.err = io.WriteString(a.to, "\r\n") // no trailers
		}
	}
	return a.err == nil && (a.left == 0 || !a.sized) && !hasToken(a.sent, "Connection", "close")
}
