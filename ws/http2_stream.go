// A WebSocket over HTTP/2 is a stream of a connection that others share: RFC 8441.

package ws

import (
	"crypto/tls"
	"io"
	"net"
	"time"
)

// http2Stream is such a stream as a net.Conn. What the peer says comes through a pipe in memory, because a
// deadline that has passed ends the reading of an HTTP body for good, and that of a connection not.
type http2Stream struct {
	near   net.Conn // the pipe's end to read from
	writer streamWriter
	quit   func()        // has pump end; does not wait
	pumped chan struct{} // closed when pump has ended
	cause  error         // why, nil if the peer has said all; belongs to the reader once pumped is closed

	local, remote net.Addr             // immutable
	tls           *tls.ConnectionState // immutable; nil without TLS
}

// streamWriter is the half that says something.
type streamWriter interface {
	io.WriteCloser
	SetWriteDeadline(time.Time) error
}

// listen has the stream read what the peer says from body.
func (s *http2Stream) listen(body io.ReadCloser) {
	near, far := net.Pipe()
	s.near, s.pumped = near, make(chan struct{})
	go s.pump(far, body)
}

// pump passes on what comes, until that ends or the stream is closed.
func (s *http2Stream) pump(far net.Conn, body io.ReadCloser) {
	defer close(s.pumped)
	_, s.cause = io.CopyBuffer(onlyWriter{far}, body, make([]byte, ownBuffer))
	_ = far.Close()
	_ = body.Close()
}

// onlyWriter hides what else a connection can do, so that a copy to it uses the buffer that it is given.
type onlyWriter struct{ io.Writer }

// Read returns what has come. An error comes again.
func (s *http2Stream) Read(b []byte) (int, error) {
	n, err := s.near.Read(b)
	if err == io.EOF {
		<-s.pumped
		if s.cause != nil {
			err = s.cause
		}
	}
	return n, err
}

func (s *http2Stream) Write(b []byte) (int, error)        { return s.writer.Write(b) }
func (s *http2Stream) SetReadDeadline(t time.Time) error  { return s.near.SetReadDeadline(t) }
func (s *http2Stream) SetWriteDeadline(t time.Time) error { return s.writer.SetWriteDeadline(t) }
func (s *http2Stream) LocalAddr() net.Addr                { return s.local }
func (s *http2Stream) RemoteAddr() net.Addr               { return s.remote }

func (s *http2Stream) SetDeadline(t time.Time) error {
	_ = s.SetReadDeadline(t)
	return s.SetWriteDeadline(t)
}

// Close ends the stream and does not wait.
func (s *http2Stream) Close() error {
	_ = s.near.Close()
	s.quit()
	return s.writer.Close()
}
