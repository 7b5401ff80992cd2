package ws

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// ending is how the connection ends.
type ending struct {
	mu sync.Mutex
	// guarded by mu
	err   error  // why; the first reason counts
	aside *aside // nil: not needed yet
}

func (e *ending) reason() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// blame sets the reason unless there is one.
func (e *ending) blame(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
	}
}

// reasonOr is the reason of the end, or err if there is none yet.
func (c *Conn) reasonOr(err error) error {
	if why := c.end.reason(); why != nil {
		return why
	}
	return err
}

// Close performs the closing handshake: it sends a close frame after what was sent before, and waits
// until the peer has answered and the connection is released, at most CloseTimeout. Messages that
// arrive meanwhile are dropped. It returns nil if the peer's close frame came.
//
// StatusNoStatus sends a close frame without a code. A code that may not be sent, or a reason that is
// not UTF-8 or above 123 bytes, is an error and nothing happens. A handler must not call Close, but
// Shut.
func (c *Conn) Close(code StatusCode, reason string) error {
	if err := checkClose(code, reason); err != nil {
		return err
	}
	c.shut(code, reason)
	for c.flags.Load()&started == 0 {
		w := c.beStream()
		if w == nil || !w.reading.take(nil, c.Done()) {
			break
		}
		ev, err := c.nextMessage(context.Background(), w)
		ev.buf.free()
		w.reading.give()
		if err != nil {
			break
		}
	}
	<-c.Done()
	c.leave()
	err := c.end.reason()
	if e, ok := errors.AsType[*CloseError](err); ok && e.Code != StatusAbnormal {
		return nil
	}
	return err
}

// Shut is the push form's Close: it queues the close frame after what was sent and returns at once;
// Handler.Closed follows within CloseTimeout. Messages that arrive after it are dropped, and a paused
// connection is read again. A code that may not be sent becomes StatusInternal, a long reason is cut.
func (c *Conn) Shut(code StatusCode, reason string) {
	if !code.onWire() && code != StatusNoStatus {
		code = StatusInternal
	}
	c.shut(code, cutReason(reason))
	c.Resume()
}

// CloseNow drops the connection without a closing handshake. It does not wait.
func (c *Conn) CloseNow() error {
	c.fail(ErrClosed)
	c.leave()
	return nil
}

// leave lets a handler of net/http return that this connection lives in: it waits for the end of a write
// that was under way and that the connection's end has broken off.
func (c *Conn) leave() {
	if a := c.guest(); a != nil {
		a.leave()
	}
}

func checkClose(code StatusCode, reason string) error {
	switch {
	case !code.onWire() && code != StatusNoStatus:
		return fmt.Errorf("ws: close code %v may not be sent", code)
	case code == StatusNoStatus && reason != "":
		return errors.New("ws: a close reason needs a code")
	case len(reason) > maxReason:
		return fmt.Errorf("ws: close reason is above %d bytes", maxReason)
	case !utf8.ValidString(reason):
		return errors.New("ws: close reason is not UTF-8")
	}
	return nil
}

func cutReason(reason string) string {
	reason = strings.ToValidUTF8(reason, "\uFFFD")
	if len(reason) <= maxReason {
		return reason
	}
	n := maxReason
	for !utf8.RuneStart(reason[n]) {
		n--
	}
	return reason[:n]
}

// shut queues the close frame, if there is none yet, and starts the clock.
func (c *Conn) shut(code StatusCode, reason string) {
	var payload []byte
	if code != StatusNoStatus {
		payload = append(binary.BigEndian.AppendUint16(nil, uint16(code)), reason...)
	}
	if !c.out.close(payload) {
		return
	}
	c.flags.Or(over)
	c.end.mu.Lock()
	switch f := c.flags.Load(); {
	case f&ended != 0:
	case f&looped != 0:
		c.seat.summon() // the loop keeps the time
	default:
		c.besides().closing = time.AfterFunc(c.o.CloseTimeout, func() {
			c.fail(&TimeoutError{Op: "close", After: c.o.CloseTimeout})
		})
	}
	c.end.mu.Unlock()
	c.schedule(0)
}

// part ends the connection from the reading side, because of err: the peer's close frame, which is
// answered, or its mistake. It waits until our close frame has left and the peer had a chance to see
// it. w.reading is held.
func (c *Conn) part(w *stream, err error) {
	c.parting(err)
	select {
	case <-c.out.await():
		c.linger(w)
	case <-c.Done():
	}
	c.fail(err)
}

// parting says why the connection ends, to this side and to the peer.
func (c *Conn) parting(err error) {
	c.end.blame(err)
	code, reason := statusFor(err)
	c.shut(code, cutReason(reason))
}

// statusFor is what to answer with.
func statusFor(err error) (StatusCode, string) {
	switch e := err.(type) {
	case *CloseError:
		return e.Code, "" // "it SHOULD echo the status code it received"
	case *ProtocolError:
		return e.Code, e.Text
	case *TooBigError:
		return StatusTooBig, fmt.Sprintf("messages may have %d bytes", e.Limit)
	}
	return StatusInternal, ""
}

// lingerTime bounds the wait for the peer's end of the connection beneath.
const lingerTime = time.Second

// linger lets the last frame arrive. A socket that is closed with unread bytes in it sends a reset,
// which may overtake the close frame; so the server ends its direction only and reads on until the
// peer has ended too. The client waits: "a client SHOULD wait for the server to close the connection"
// (RFC 6455, section 7.1.1).
func (c *Conn) linger(w *stream) {
	if c.side == Server {
		half, ok := w.net.(interface{ CloseWrite() error })
		if !ok || half.CloseWrite() != nil {
			return
		}
	}
	_ = w.net.SetReadDeadline(time.Now().Add(min(lingerTime, c.o.CloseTimeout)))
	sink := newBuffer()
	defer sink.free()
	for {
		if _, err := w.net.Read(sink.b[:cap(sink.b)]); err != nil {
			return
		}
	}
}

// fail ends the connection, unless it has ended, because of err, unless there is an earlier reason.
func (c *Conn) fail(err error) {
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if c.end.err == nil {
		c.end.err = err
	}
	f := c.flags.Or(over | ended)
	if f&ended != 0 {
		return
	}
	if a := c.end.aside; a != nil && a.closing != nil {
		a.closing.Stop()
	}
	c.out.end()
	switch w := c.stream.Load(); {
	case w != nil:
		w.keep.stop()
		w.drop()
		c.release()
	case f&looped != 0:
		c.seat.summon() // the loop does the rest
	default:
		c.strip()
		c.release()
	}
}
