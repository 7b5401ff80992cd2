package veche

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/vechehq/veche/transport"
)

// parking returns what takes a poll's request from net/http, which has two buffers and two goroutines for it, some
// 20 KB. It is nil where it cannot be had: over TLS and HTTP/2, and on a server of the program's own.
func (s *Server) parking(w http.ResponseWriter, r *http.Request) func() *transport.Parked {
	if r.Context().Value(http.ServerContextKey) != s.http || r.TLS != nil || !r.ProtoAtLeast(1, 1) || r.Close {
		return nil
	}
	header, takes := w.Header(), codingsOf(r)
	return func() *transport.Parked {
		conn, buffered, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return nil
		}
		early, _ := buffered.Reader.Peek(buffered.Reader.Buffered())
		return &transport.Parked{Conn: conn, Early: early, Idle: idlePatience, Reply: func(a transport.Answer, last bool) error {
			return writeAnswer(conn, header, takes, a, last)
		}}
	}
}

// oneWrite is up to how many bytes an answer is copied, to be written at once.
const oneWrite = 16 << 10

// writeAnswer writes a good answer as net/http would.
func writeAnswer(conn net.Conn, h http.Header, takes codings, a transport.Answer, last bool) error {
	a = prepare(h, takes, http.StatusOK, a)
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	if last {
		h.Set("Connection", "close")
	}
	var head bytes.Buffer
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\n", http.StatusOK, http.StatusText(http.StatusOK))
	_ = h.Write(&head) // a buffer takes everything
	head.WriteString("\r\n")
	if n := a.Len(); n <= oneWrite {
		head.Grow(n)
		for _, piece := range a {
			head.Write(piece)
		}
		a = nil
	}
	_ = conn.SetWriteDeadline(time.Now().Add(writePatience))
	if _, err := conn.Write(head.Bytes()); err != nil {
		return err
	}
	for _, piece := range a {
		if _, err := conn.Write(piece); err != nil {
			return err
		}
	}
	return conn.SetWriteDeadline(time.Time{})
}
