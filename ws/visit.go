package ws

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"time"
)

// visit is a handshake that came through a door: the http.ResponseWriter of its request. Who takes the
// connection over has it as it is; any other answer is gathered, and leaves when the handler returns,
// with its length; one above maxGathered, or flushed, leaves in chunks.
type visit struct {
	conn  net.Conn
	early []byte        // what came after the head
	limit time.Duration // of writing the answer; 0: none

	header http.Header // the handler's; what WriteHeader saw of it is in sent
	sent   http.Header
	status int // 0: WriteHeader was not called
	taken  bool
	sized  bool  // the handler has said how long its body is
	left   int64 // of that, what it has not written
	body   []byte
	chunks io.WriteCloser // nil: the head of the answer has not left
	err    error          // of writing
}

const maxGathered = 32 << 10 // bytes

func (v *visit) Header() http.Header { return v.header }

// WriteHeader leaves out informational answers, which nobody needs to see.
func (v *visit) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("invalid WriteHeader code %v", status)) // net/http's words
	case v.taken || v.status != 0 || status < 200 && status != http.StatusSwitchingProtocols:
		return
	}
	v.status, v.sent = status, v.header.Clone()
	if n, err := strconv.ParseInt(v.sent.Get("Content-Length"), 10, 64); err == nil && n >= 0 && v.hasBody() {
		v.sized, v.left = true, n
	} else {
		v.sent.Del("Content-Length")
	}
	v.sent.Del("Transfer-Encoding")
}

// hasBody: RFC 9110, section 6.4.1.
func (v *visit) hasBody() bool {
	return v.status >= 200 && v.status != http.StatusNoContent && v.status != http.StatusNotModified
}

func (v *visit) Write(p []byte) (int, error) {
	if v.taken {
		return 0, http.ErrHijacked
	}
	if v.status == 0 {
		v.WriteHeader(http.StatusOK)
	}
	if !v.hasBody() {
		return 0, http.ErrBodyNotAllowed
	}
	if v.left -= int64(len(p)); v.sized && v.left < 0 {
		return 0, http.ErrContentLength
	}
	if v.chunks == nil && len(v.body)+len(p) <= maxGathered {
		v.body = append(v.body, p...)
		return len(p), nil
	}
	if v.begin(); v.err != nil {
		return 0, v.err
	}
	n, err := v.chunks.Write(p)
	v.err = err
	return n, err
}

// FlushError is http.ResponseController's.
func (v *visit) FlushError() error {
	if v.taken {
		return http.ErrHijacked
	}
	if v.status == 0 {
		v.WriteHeader(http.StatusOK)
	}
	v.begin()
	return v.err
}

// Flush is http.Flusher's.
func (v *visit) Flush() { _ = v.FlushError() }

// SetReadDeadline and SetWriteDeadline are http.ResponseController's.
func (v *visit) SetReadDeadline(t time.Time) error { return v.conn.SetReadDeadline(t) }

func (v *visit) SetWriteDeadline(t time.Time) error { return v.conn.SetWriteDeadline(t) }

// begin sends the head of an answer whose end is not known, and what there is of its body.
func (v *visit) begin() {
	if v.chunks != nil || v.err != nil {
		return
	}
	v.describe()
	switch {
	case v.sized || !v.hasBody():
		v.chunks = unchunked{v.conn}
	default:
		v.sent.Set("Transfer-Encoding", "chunked")
		v.chunks = httputil.NewChunkedWriter(v.conn)
	}
	if v.err = v.writeHead(nil); v.err == nil && len(v.body) > 0 {
		_, v.err = v.chunks.Write(v.body)
	}
	v.body = nil
}

type unchunked struct{ io.Writer }

func (unchunked) Close() error { return nil }

// describe adds what net/http says of an answer by itself.
func (v *visit) describe() {
	add := func(name, value string) {
		if _, ok := v.sent[name]; !ok { // nil suppresses it
			v.sent[name] = []string{value}
		}
	}
	add("Date", time.Now().UTC().Format(http.TimeFormat))
	if len(v.body) > 0 && v.sent.Get("Content-Encoding") == "" {
		add("Content-Type", http.DetectContentType(v.body))
	}
}

// writeHead sends the head and a body that is there already.
func (v *visit) writeHead(body []byte) error {
	var b bytes.Buffer
	text := http.StatusText(v.status)
	if text == "" {
		text = fmt.Sprint("status code ", v.status)
	}
	fmt.Fprintf(&b, "HTTP/1.1 %d %s\r\n", v.status, text)
	_ = v.sent.Write(&b) // writes to memory do not fail
	b.WriteString("\r\n")
	b.Write(body)
	if v.limit > 0 {
		_ = v.conn.SetWriteDeadline(time.Now().Add(v.limit))
	}
	_, err := v.conn.Write(b.Bytes())
	return err
}

// finish completes the answer and reports whether the connection may serve another request.
func (v *visit) finish() (again bool) {
	if v.status == 0 {
		v.WriteHeader(http.StatusOK)
	}
	switch {
	case v.chunks == nil:
		v.describe()
		if v.hasBody() && !v.sized {
			v.sent.Set("Content-Length", strconv.Itoa(len(v.body)))
		}
		v.err = v.writeHead(v.body)
	case v.err == nil:
		v.err = v.chunks.Close()
		if _, ok := v.chunks.(unchunked); !ok && v.err == nil {
			_, v.err = io.WriteString(v.conn, "\r\n") // no trailers
		}
	}
	return v.err == nil && (v.left == 0 || !v.sized) && !hasToken(v.sent, "Connection", "close")
}

// takeOver gives the connection away as it is.
func (v *visit) takeOver() (net.Conn, []byte, error) {
	if v.taken || v.chunks != nil {
		return nil, nil, http.ErrHijacked
	}
	v.taken = true
	return v.conn, v.early, nil
}

// Hijack is http.Hijacker's: for those who are not Accept it is a *net.TCPConn.
func (v *visit) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	nc, early, err := v.takeOver()
	if err != nil {
		return nil, nil, err
	}
	nc = beneath(nc)
	in := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(early), nc), max(len(early), 4<<10))
	if len(early) > 0 {
		_, _ = in.Peek(len(early)) // so that Buffered tells of them
	}
	return nc, bufio.NewReadWriter(in, bufio.NewWriter(nc)), nil
}

// drop closes the connection so that the answer arrives.
func (v *visit) drop() {
	defer v.conn.Close()
	half, ok := v.conn.(interface{ CloseWrite() error })
	if v.err != nil || !ok || half.CloseWrite() != nil {
		return
	}
	_ = v.conn.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.Copy(io.Discard, v.conn)
}
