package ws

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"
)

var (
	// ErrClosed is returned after this side has closed the connection. It is a net.ErrClosed too.
	ErrClosed = fmt.Errorf("ws: connection closed: %w", net.ErrClosed)
	// ErrSendBuffer is returned by Send when the message would put more than SendBuffer bytes in
	// the queue. The connection lives on and the message was not sent.
	ErrSendBuffer = errors.New("ws: send buffer is full")
	// ErrPushForm is returned by Read after Start.
	ErrPushForm = errors.New("ws: the connection has a handler, which gets its messages")
)

// CloseError says that the peer has ended the connection.
type CloseError struct {
	// Code is what the peer's close frame said, StatusNoStatus if it said nothing, and
	// StatusAbnormal if the connection was lost without a close frame.
	Code   StatusCode
	Reason string
	Err    error // what the network said, with StatusAbnormal
}

func (e *CloseError) Error() string {
	switch {
	case e.Err != nil:
		return "ws: connection lost: " + e.Err.Error()
	case e.Reason != "":
		return fmt.Sprintf("ws: peer closed: %v: %q", e.Code, e.Reason)
	}
	return fmt.Sprintf("ws: peer closed: %v", e.Code)
}

func (e *CloseError) Unwrap() error { return e.Err }

// CloseStatus returns the code of a *CloseError in err's chain, and 0 if there is none.
func CloseStatus(err error) StatusCode {
	if e, ok := errors.AsType[*CloseError](err); ok {
		return e.Code
	}
	return 0
}

// ProtocolError says that a side broke the protocol. The connection was closed with Code.
type ProtocolError struct {
	By      Side       // who broke it
	Section string     // where it is written: "RFC 6455, section 5.1"
	Code    StatusCode // the close code that was sent
	Text    string     // what was wrong
}

func (e *ProtocolError) Error() string {
	return fmt.Sprintf("ws: %v broke %s: %s (closed with %d)", e.By, e.Section, e.Text, e.Code)
}

// TooBigError says that a message was above MaxMessage. The connection was closed with
// StatusTooBig.
type TooBigError struct {
	By    Side
	Limit int64 // MaxMessage, bytes
}

func (e *TooBigError) Error() string {
	return fmt.Sprintf("ws: %v sent a message above %d bytes (closed with %d)", e.By, e.Limit, StatusTooBig)
}

// TimeoutError says that a limit of time has passed and the connection was dropped. It is an
// os.ErrDeadlineExceeded and a net.Error with Timeout.
type TimeoutError struct {
	Op    string // "write": no progress; "pong": the peer is silent; "close": it did not answer the close
	After time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("ws: %s timed out after %v", e.Op, e.After)
}

func (e *TimeoutError) Unwrap() error { return os.ErrDeadlineExceeded }

// Timeout is true.
func (e *TimeoutError) Timeout() bool { return true }

// Temporary is false: the connection is gone.
func (e *TimeoutError) Temporary() bool { return false }

// HandshakeError says why there is no connection.
type HandshakeError struct {
	By      Side        // who broke the handshake
	Status  int         // the HTTP status that the server or the proxy answered; 0 if there was none
	Proxy   string      // with Dial: the host of the proxy that failed or refused; "" if it was not the proxy
	Text    string      // what was wrong, one sentence
	Header  http.Header // the answer's: with Dial all of it, with Accept what the refusal adds
	Body    []byte      // with Dial: the beginning of the answer, at most 1 KiB
	wrapped error
}

func (e *HandshakeError) Error() string {
	s := "ws: handshake: " + e.Text
	if e.Status != 0 {
		s += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.wrapped != nil {
		s += ": " + e.wrapped.Error()
	}
	return s
}

func (e *HandshakeError) Unwrap() error { return e.wrapped }
