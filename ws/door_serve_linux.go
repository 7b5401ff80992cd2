package ws

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

// welcome answers a handshake, if it is one: text is what has come, of which the first end bytes are the
// head.
func (d *door) welcome(c *bareConn, text string, end int) {
	ctx, cancel := context.WithCancel(d.contextOf(c.local))
	defer cancel()
	r := parseHead(ctx, text[:end], handshake)
	if r == nil {
		d.hand(c, []byte(text))
		return
	}
	r.RemoteAddr = c.peer.String()
	v := &visit{conn: c, early: []byte(text[end:]), reply: reply{to: c, limit: d.srv.WriteTimeout, header: http.Header{}}}
	lost := func() {
		if !v.taken {
			_ = c.Close()
		}
	}
	switch {
	case !d.call(v, r, lost), v.taken:
	case v.finish():
		d.hand(c, v.early)
	default:
		v.drop()
	}
}

// respond answers a plain request, if it is one.
func (d *door) respond(x *exchange, text string, end int) {
	ctx, cancel := context.WithCancel(d.contextOf(x.guest.local))
	defer cancel()
	r := parseHead(ctx, text[:end], plain)
	if r == nil {
		x.decline(text)
		return
	}
	r.RemoteAddr = x.guest.peer.String()
	x.OnLeave(cancel)
	if d.call(x, r, x.drop) && !x.deferred {
		x.Done()
	}
}

// contextOf is what the context of a connection's request stems from, by its own address.
func (d *door) contextOf(local netip.AddrPort) context.Context {
	if local == d.own {
		return d.ctx
	}
	return context.WithValue(d.ctx, http.LocalAddrContextKey, net.TCPAddrFromAddrPort(local))
}

// call calls the handler and reports whether it returned. If it panics or calls runtime.Goexit, as in net/http that costs it
// the connection, which lost is to close, and nobody else anything.
func (d *door) call(w http.ResponseWriter, r *http.Request, lost func()) (returned bool) {
	defer func() {
		if !returned {
			d.panicked(r, recover())
			lost()
		}
	}()
	handler := d.srv.Handler
	if handler == nil {
		handler = http.DefaultServeMux
	}
	handler.ServeHTTP(w, r)
	return true
}

// panicked is told what a handler panicked with, nil if it called runtime.Goexit.
func (d *door) panicked(r *http.Request, with any) {
	if with != nil && with != http.ErrAbortHandler {
		d.logf("ws: door: panic serving %v: %v\n%s", r.RemoteAddr, with, debug.Stack())
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
