package ws

import (
	"bufio"
	"net"
	"net/http"
	"slices"
)

// takeOver takes the connection of a request from its server, with what the client sent before it had
// the answer. It may not do that, but some do, and the bytes are frames like any others.
func takeOver(w http.ResponseWriter) (nc net.Conn, early []byte, err error) {
	if v := visitOf(w); v != nil {
		return v.takeOver()
	}
	nc, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	if early, err = earlyBytes(brw.Reader); err != nil {
		return nil, nil, err
	}
	if f, ok := nc.(*frontConn); ok { // a door had read more than net/http
		early = append(early, f.front...)
		nc = f.TCPConn
	}
	return nc, early, nil
}

// visitOf finds the door's own writer beneath w, as http.ResponseController finds net/http's.
func visitOf(w http.ResponseWriter) *visit {
	for {
		switch t := w.(type) {
		case *visit:
			return t
		case interface{ Unwrap() http.ResponseWriter }:
			w = t.Unwrap()
		default:
			return nil
		}
	}
}

// earlyBytes returns what was read beyond the handshake.
func earlyBytes(r *bufio.Reader) ([]byte, error) {
	n := r.Buffered()
	if n == 0 {
		return nil, nil
	}
	b, err := r.Peek(n)
	return slices.Clone(b), err
}

// beneath returns a connection as package net has it.
func beneath(nc net.Conn) net.Conn {
	if bare, ok := nc.(interface{ dress() (*net.TCPConn, error) }); ok {
		if dressed, err := bare.dress(); err == nil {
			return dressed
		}
	}
	return nc
}
