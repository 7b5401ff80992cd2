package main

import (
	"bufio"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// wsConn is a WebSocket client that does no more than a load generator needs, and favours nobody: it
// knows RFC 6455 and not what runs on the other end.
type wsConn struct {
	net.Conn
	in         *bufio.Reader
	extensions string // that were agreed on
}

const (
	opText   = 1
	opBinary = 2
	opClose  = 8
	opPing   = 9
	opPong   = 10
)

// dial connects, with header lines of its own behind those that every handshake has.
func dial(ctx context.Context, addr, path string, lines ...string) (*wsConn, error) {
	var d net.Dialer
	nc, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(nc, "GET %s HTTP/1.1\r\nHost: %s\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s\r\n", path, addr, strings.Join(append(lines, ""), "\r\n"))
	c := &wsConn{Conn: nc, in: bufio.NewReaderSize(nc, 4096)}
	resp, err := http.ReadResponse(c.in, nil)
	if err != nil {
		nc.Close()
		return nil, err
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		nc.Close()
		return nil, fmt.Errorf("%s%s answered %s", addr, path, resp.Status)
	}
	c.extensions = resp.Header.Get("Sec-WebSocket-Extensions")
	return c, nil
}

// appendFrame appends a masked frame; the mask is zero, so the payload stays as it is.
func appendFrame(b []byte, op byte, payload []byte) []byte {
	b = append(b, 0x80|op)
	switch n := len(payload); {
	case n < 126:
		b = append(b, 0x80|byte(n))
	case n < 1<<16:
		b = append(b, 0x80|126, byte(n>>8), byte(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, 0x80|127), uint64(n))
	}
	b = append(b, 0, 0, 0, 0)
	return append(b, payload...)
}

func (c *wsConn) send(op byte, payload string) error {
	_, err := c.Write(appendFrame(nil, op, []byte(payload)))
	return err
}

// next reads a data frame into buf, and answers pings on the way.
func (c *wsConn) next(buf []byte) ([]byte, error) {
	for {
		var h [10]byte
		if _, err := io.ReadFull(c.in, h[:2]); err != nil {
			return nil, err
		}
		op, n := h[0]&15, int(h[1]&0x7f)
		switch n {
		case 126:
			if _, err := io.ReadFull(c.in, h[2:4]); err != nil {
				return nil, err
			}
			n = int(binary.BigEndian.Uint16(h[2:4]))
		case 127:
			if _, err := io.ReadFull(c.in, h[2:10]); err != nil {
				return nil, err
			}
			n = int(binary.BigEndian.Uint64(h[2:10]))
		}
		if cap(buf) < n {
			buf = make([]byte, n)
		}
		buf = buf[:n]
		if _, err := io.ReadFull(c.in, buf); err != nil {
			return nil, err
		}
		switch op {
		case opPing:
			if _, err := c.Write(appendFrame(nil, opPong, buf)); err != nil {
				return nil, err
			}
		case opPong:
		case opClose:
			return nil, fmt.Errorf("closed by the server: %q", buf)
		default:
			return buf, nil
		}
	}
}

// until reads data frames until one begins with what.
func (c *wsConn) until(what string) error {
	for {
		b, err := c.next(nil)
		if err != nil {
			return err
		}
		if strings.HasPrefix(string(b), what) {
			return nil
		}
	}
}
