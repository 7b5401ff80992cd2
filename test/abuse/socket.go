// A WebSocket client without manners: it writes any bytes that it is told to.

package abuse

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/vechehq/veche/test/harness"
)

// patience is how long anything may take that the server must do.
const patience = time.Minute

// frame opcodes, RFC 6455, 5.2.
const (
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	fin      = 0x80
	rsv1     = 0x40
)

// socket is a TCP connection on which the handshake may have been done.
type socket struct {
	net.Conn
	r *bufio.Reader
	t testing.TB
}

// connect opens a TCP connection that buffers little, so that one who does not read is noticed soon.
func connect(t testing.TB, s *harness.Server) *socket {
	t.Helper()
	k := dial(t, s)
	if err := k.Conn.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	return k
}

// dial opens a TCP connection.
func dial(t testing.TB, s *harness.Server) *socket {
	t.Helper()
	conn, err := net.Dial("tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		t.Fatal(err)
	}
	return &socket{Conn: conn, r: bufio.NewReader(conn), t: t}
}

// request is a handshake for a path, with more headers.
func request(s *harness.Server, path, headers string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: " + s.Addr +
		"\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + headers + "\r\n"
}

// open connects and does the handshake.
func open(t testing.TB, s *harness.Server, path, headers string) *socket {
	t.Helper()
	k := connect(t, s)
	k.shake(s, path, headers)
	return k
}

// shake does the handshake.
func (k *socket) shake(s *harness.Server, path, headers string) {
	k.t.Helper()
	k.write([]byte(request(s, path, headers)))
	resp, err := http.ReadResponse(k.r, nil)
	if err != nil {
		k.t.Fatalf("%s: %v", path, err)
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		k.t.Fatalf("%s: %s", path, resp.Status)
	}
}

func (k *socket) write(p []byte) {
	k.t.Helper()
	if _, err := k.Write(p); err != nil {
		k.t.Fatal(err)
	}
}

// header returns the head of a masked frame whose mask is zero: the payload goes out as it is.
func header(first byte, length int) []byte {
	switch {
	case length < 126:
		return []byte{first, 0x80 | byte(length), 0, 0, 0, 0}
	case length < 1<<16:
		h := binary.BigEndian.AppendUint16([]byte{first, 0x80 | 126}, uint16(length))
		return append(h, 0, 0, 0, 0)
	default:
		h := binary.BigEndian.AppendUint64([]byte{first, 0x80 | 127}, uint64(length))
		return append(h, 0, 0, 0, 0)
	}
}

// text is a message in one frame.
func text(payload string) []byte { return append(header(fin|opText, len(payload)), payload...) }

// frame reads the next frame.
func (k *socket) frame() (op byte, payload []byte, err error) {
	var h [2]byte
	if _, err := io.ReadFull(k.r, h[:]); err != nil {
		return 0, nil, err
	}
	length := uint64(h[1])
	switch length {
	case 126:
		var b [2]byte
		_, err = io.ReadFull(k.r, b[:])
		length = uint64(binary.BigEndian.Uint16(b[:]))
	case 127:
		var b [8]byte
		_, err = io.ReadFull(k.r, b[:])
		length = binary.BigEndian.Uint64(b[:])
	}
	if err != nil {
		return 0, nil, err
	}
	payload = make([]byte, length)
	_, err = io.ReadFull(k.r, payload)
	return h[0] & 0xf, payload, err
}

// wantClose reads until the close frame, and checks its code.
func (k *socket) wantClose(code uint16) {
	k.t.Helper()
	if got, err := k.closeCode(); err != nil || got != code {
		k.t.Errorf("closed with %d, %v; want %d", got, err, code)
	}
}

func (k *socket) closeCode() (uint16, error) {
	for {
		op, payload, err := k.frame()
		switch {
		case err != nil:
			return 0, fmt.Errorf("no close frame: %w", err)
		case op == opClose && len(payload) < 2:
			return 0, errors.New("a close frame without a code")
		case op == opClose:
			return binary.BigEndian.Uint16(payload), nil
		}
	}
}
