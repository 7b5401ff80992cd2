package ws

import (
	"context"
	"net/http"
	"net/netip"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// serve answers a handshake, if it is one: text is what has come, of which the first end bytes are the
// head.
func (d *door) serve(c *bareConn, text string, end int) {
	ctx, cancel := context.WithCancel(d.contextOf(c))
	defer cancel()
	r := parseHead(ctx, text[:end])
	if r == nil {
		d.hand(c, []byte(text))
		return
	}
	r.RemoteAddr = c.peer.String()
	v := &visit{conn: c, early: []byte(text[end:]), limit: d.srv.WriteTimeout, header: http.Header{}}
	if d.answer(v, r) {
		d.hand(c, v.early)
	}
}

// contextOf is what the context of a connection's request stems from.
func (d *door) contextOf(c *bareConn) context.Context {
	if c.local == d.own {
		return d.ctx
	}
	return context.WithValue(d.ctx, http.LocalAddrContextKey, c.LocalAddr())
}

// answer calls the handler and reports whether the connection is to be served on.
func (d *door) answer(v *visit, r *http.Request) (again bool) {
	returned := false
	defer func() {
		if !returned {
			d.panicked(v, r, recover())
		}
	}()
	handler := d.srv.Handler
	if handler == nil {
		handler = http.DefaultServeMux
	}
	handler.ServeHTTP(v, r)
	returned = true
	if v.taken {
		return false
	}
	if again = v.finish(); !again {
		v.drop()
	}
	return again
}

// panicked is told what a handler panicked with, nil if it called runtime.Goexit. As in net/http, that
// costs it the connection, unless it has taken it over, and nobody else anything.
func (d *door) panicked(v *visit, r *http.Request, with any) {
	if with != nil && with != http.ErrAbortHandler {
		d.logf("ws: door: panic serving %v: %v\n%s", r.RemoteAddr, with, debug.Stack())
	}
	if !v.taken {
		_ = v.conn.Close()
	}
}

// local is the address of this side of a connection.
func (d *door) local(fd int) netip.AddrPort {
	if !d.own.Addr().IsUnspecified() {
		return d.own
	}
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return d.own // and the connection is gone
	}
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), d.own.Port())
	case *unix.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(sa.Addr).Unmap(), d.own.Port())
	}
	return d.own
}
