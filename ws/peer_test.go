package ws

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/internal/autobahn"
	"github.com/vechehq/veche/internal/memnet"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// peer is the other end of a connection under test: it speaks raw frames, wrong ones too.
type peer struct {
	t    *testing.T
	nc   net.Conn
	br   *bufio.Reader
	mask bool // it plays a client
}

// memPair returns a connection of the given side over memory, and its peer. For synctest.
func memPair(t *testing.T, side Side, o Options) (*Conn, *peer) {
	near, far := memnet.Pipe()
	return pairOver(t, side, o, nil, near, far)
}

// deflatePair is memPair with permessage-deflate.
func deflatePair(t *testing.T, side Side, o Options, agreed deflateParams) (*Conn, *peer) {
	near, far := memnet.Pipe()
	return pairOver(t, side, o, &agreed, near, far)
}

func pairOver(t *testing.T, side Side, o Options, agreed *deflateParams, near, far net.Conn) (*Conn, *peer) {
	t.Helper()
	c := newConn(near, side, "", o, agreed, nil)
	t.Cleanup(func() {
		_ = c.CloseNow()
		_ = far.Close()
	})
	return c, &peer{t: t, nc: far, br: bufio.NewReader(far), mask: side == Server}
}

// tcpPair is memPair over a real socket.
func tcpPair(t *testing.T, side Side, o Options) (*Conn, *peer) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	far, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	near, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	_ = far.SetDeadline(time.Now().Add(time.Minute)) // a lost answer fails the test rather than hanging it
	return pairOver(t, side, o, nil, near, far)
}

// fr builds a frame by hand. first is its first byte.
func (p *peer) fr(first byte, payload string) []byte {
	return rawFrame(first, p.mask, payload)
}

func rawFrame(first byte, masked bool, payload string) []byte {
	return autobahn.Frame{First: first, Payload: payload}.Append(nil, masked)
}

func closePayload(code uint16, reason string) string { return autobahn.Close(code, reason).Payload }

// write may run beside the test, so that it does not end it: what is not written is missed by a read.
func (p *peer) write(raw ...[]byte) {
	p.t.Helper()
	if _, err := p.nc.Write(bytes.Join(raw, nil)); err != nil {
		p.t.Errorf("peer writes: %v", err)
	}
}

// read returns the next frame's first byte and payload.
func (p *peer) read() (first byte, payload string, err error) {
	f, err := autobahn.Read(p.br, !p.mask)
	return f.First, f.Payload, err
}

// want reads a frame and compares it.
func (p *peer) want(why string, first byte, payload string) {
	p.t.Helper()
	f, got, err := p.read()
	if err != nil {
		p.t.Fatalf("%s: %v", why, err)
	}
	if f != first || got != payload {
		p.t.Fatalf("%s: got frame %#x %.60q (%d bytes), want %#x %.60q", why, f, got, len(got), first, payload)
	}
}

// wantClose reads a close frame and compares its code.
func (p *peer) wantClose(why string, code StatusCode) (reason string) {
	p.t.Helper()
	first, payload, err := p.read()
	if err != nil {
		p.t.Fatalf("%s: %v", why, err)
	}
	if first != 0x88 {
		p.t.Fatalf("%s: got frame %#x %.60q, want a close frame", why, first, payload)
	}
	if code == StatusNoStatus {
		if payload != "" {
			p.t.Fatalf("%s: got a close payload of %d bytes, want none", why, len(payload))
		}
		return ""
	}
	if len(payload) < 2 {
		p.t.Fatalf("%s: close frame without a code, want %v", why, code)
	}
	if got := StatusCode(binary.BigEndian.Uint16([]byte(payload))); got != code {
		p.t.Fatalf("%s: closed with %v %q, want %v", why, got, payload[2:], code)
	}
	return payload[2:]
}

// wantEnd expects that nothing more comes.
func (p *peer) wantEnd(why string) {
	p.t.Helper()
	if first, payload, err := p.read(); err != io.EOF {
		p.t.Fatalf("%s: got frame %#x %.60q, %v, want the end", why, first, payload, err)
	}
}

// recorder is a handler that keeps what it was told.
type recorder struct {
	messages chan string // "text: …" or "binary: …"
	closed   chan error
	on       func(c *Conn, typ MessageType, data []byte) // instead of messages, if not nil
}

func newRecorder() *recorder {
	return &recorder{messages: make(chan string, 100), closed: make(chan error, 2)}
}

func (r *recorder) Message(c *Conn, typ MessageType, data []byte) {
	if r.on != nil {
		r.on(c, typ, data)
		return
	}
	r.messages <- typ.String() + ": " + string(data)
}

func (r *recorder) Closed(_ *Conn, err error) { r.closed <- err }

func wantAs[E error](t *testing.T, err error) E {
	t.Helper()
	e, ok := errors.AsType[E](err)
	if !ok {
		t.Fatalf("got error %T %v, want %T", err, err, e)
	}
	return e
}
