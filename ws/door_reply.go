package ws

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// reply is the http.ResponseWriter of a request that came through a door. What the handler says is gathered, and leaves
// with finish, with its length; an answer above maxGathered, or flushed, leaves in chunks. While the handler has not
// said anything it holds no buffer.
type reply struct {
	to    sink
	limit time.Duration // of writing the answer; 0: none

	header http.Header
	status int           // 0: WriteHeader was not called
	head   *bytes.Buffer // what it saw of the header, as text; nil: it has left
	has    declared
	taken  bool           // the connection is somebody else's
	left   int64          // what the handler has not written of a body whose length it has said
	body   *bytes.Buffer  // nil: nothing has been written
	chunks io.WriteCloser // nil: the head of the answer has not left
	err    error          // of writing
}

// declared is what a handler has said of its answer, as far as it matters.
type declared struct {
	date, kind, size bool
	last             bool // the connection is to be closed
}

// sink is what a reply goes to.
type sink interface {
	io.Writer
	SetReadDeadline(t time.Time) error
	SetWriteDeadline(t time.Time) error
}

const maxGathered = 32 << 10 // bytes

// replyBuffers are for the time that an answer takes to be written.
var replyBuffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// giveBack gives a buffer back, unless it has become very large.
func giveBack(b *bytes.Buffer) {
	if b != nil && b.Cap() <= maxGathered {
		b.Reset()
		replyBuffers.Put(b)
	}
}

func (a *reply) release() {
	giveBack(a.head)
	giveBack(a.body)
	a.head, a.body = nil, nil
}

func (a *reply) Header() http.Header { return a.header }

// WriteHeader leaves out informational answers, which nobody needs to see.
func (a *reply) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // net/http's words
	case a.taken || a.status != 0 || status < 200 && status != http.StatusSwitchingProtocols:
		return
	}
	a.status = status
	a.head = replyBuffers.Get().(*bytes.Buffer)
	text := http.StatusText(status)
	if text == "" {
		text = fmt.Sprint("status code ", status)
	}
	a.line("HTTP/1.1 ", strconv.Itoa(status), " ", text)
	_ = a.header.WriteSubset(a.head, a.size()) // writes to memory do not fail
	_, a.has.date = a.header["Date"]           // nil suppresses it
	_, a.has.kind = a.header["Content-Type"]
	a.has.kind = a.has.kind || a.header.Get("Content-Encoding") != ""
	a.has.last = hasToken(a.header, "Connection", "close")
}

// notOurs are headers that depend on how an answer leaves.
var (
	notOurs        = map[string]bool{"Transfer-Encoding": true}
	notOursNorSize = map[string]bool{"Transfer-Encoding": true, "Content-Length": true}
)

// size reads what the handler says of the body's length, and returns the headers that are not written.
func (a *reply) size() (without map[string]bool) {
	n, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64)
	if err != nil || n < 0 || !a.hasBody() {
		return notOursNorSize
	}
	a.has.size, a.left = true, n
	return notOurs
}

func (a *reply) line(pieces ...string) {
	for _, piece := range pieces {
		a.head.WriteString(piece)
	}
	a.head.WriteString("\r\n")
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
	if a.left -= int64(len(p)); a.has.size && a.left < 0 {
		return 0, http.ErrContentLength
	}
	if a.chunks == nil {
		if a.body == nil {
			a.body = replyBuffers.Get().(*bytes.Buffer)
		}
		if a.body.Len()+len(p) <= maxGathered {
			return a.body.Write(p)
		}
	}
	if a.begin(p); a.err != nil {
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
	a.begin(nil)
	return a.err
}

// Flush is http.Flusher's.
func (a *reply) Flush() { _ = a.FlushError() }

// SetReadDeadline and SetWriteDeadline are http.ResponseController's.
func (a *reply) SetReadDeadline(t time.Time) error { return a.to.SetReadDeadline(t) }

func (a *reply) SetWriteDeadline(t time.Time) error { return a.to.SetWriteDeadline(t) }

// begin sends the head of an answer whose end is not known, and what there is of its body, before next.
func (a *reply) begin(next []byte) {
	if a.chunks != nil || a.err != nil {
		return
	}
	body := a.gathered()
	if len(body) > 0 {
		next = body
	}
	a.describe(next)
	switch {
	case a.has.size || !a.hasBody():
		a.chunks = unchunked{a.to}
	default:
		a.line("Transfer-Encoding: chunked")
		a.chunks = chunked{a.to}
	}
	if a.err = a.sendHead(nil); a.err == nil && len(body) > 0 {
		_, a.err = a.chunks.Write(body)
	}
	a.release()
}

// gathered is what was written and has not left.
func (a *reply) gathered() []byte {
	if a.body == nil {
		return nil
	}
	return a.body.Bytes()
}

// chunked sends each write as a chunk (RFC 9112, section 7.1), at once.
type chunked struct{ to io.Writer }

func (c chunked) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil // which would be the last
	}
	b := replyBuffers.Get().(*bytes.Buffer)
	defer giveBack(b)
	b.Write(strconv.AppendUint(b.AvailableBuffer(), uint64(len(p)), 16))
	b.WriteString("\r\n")
	b.Write(p)
	b.WriteString("\r\n")
	if _, err := c.to.Write(b.Bytes()); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Close sends the last chunk, without trailers.
func (c chunked) Close() error {
	_, err := io.WriteString(c.to, "0\r\n\r\n")
	return err
}

type unchunked struct{ io.Writer }

func (unchunked) Close() error { return nil }

// describe adds what net/http says by itself of an answer whose body begins so.
func (a *reply) describe(body []byte) {
	if !a.has.date {
		a.head.WriteString("Date: ")
		a.head.Write(time.Now().UTC().AppendFormat(a.head.AvailableBuffer(), http.TimeFormat))
		a.line()
	}
	if len(body) > 0 && !a.has.kind {
		a.line("Content-Type: ", http.DetectContentType(body))
	}
}

// sendHead sends the head, and a body that is there already.
func (a *reply) sendHead(body []byte) error {
	a.line()
	a.head.Write(body)
	if a.limit > 0 {
		_ = a.to.SetWriteDeadline(time.Now().Add(a.limit))
	}
	_, err := a.to.Write(a.head.Bytes())
	return err
}

// finish completes the answer and reports whether the connection may serve another request.
func (a *reply) finish() (again bool) {
	if a.status == 0 {
		a.WriteHeader(http.StatusOK)
	}
	switch {
	case a.chunks == nil:
		body := a.gathered()
		a.describe(body)
		if a.hasBody() && !a.has.size {
			a.line("Content-Length: ", strconv.Itoa(len(body)))
		}
		a.err = a.sendHead(body)
		a.release()
	case a.err == nil:
		a.err = a.chunks.Close()
	}
	return a.err == nil && (a.left == 0 || !a.has.size) && !a.has.last
}
