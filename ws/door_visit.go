package ws

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"time"
)

// visit is a handshake that came through a door: who takes the connection over has it as it is, and any other answer is
// a reply.
type visit struct {
	reply
	conn  net.Conn
	early []byte // what came after the head
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
