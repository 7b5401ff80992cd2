package ws

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"syscall"
)

func (x *exchange) deferReply() Deferred {
	x.deferred = true
	return x
}

// adopt takes a connection back from net/http.
func (d *door) adopt(w http.ResponseWriter, _ *http.Request) (Deferred, bool) {
	if d.desk.isClosed() {
		return nil, false
	}
	header := w.Header()
	nc, brw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, false
	}
	early, _ := earlyBytes(brw.Reader)
	if f, ok := nc.(*frontConn); ok {
		early, nc = append(early, f.front...), f.TCPConn
	}
	g := &guest{fd: -1, head: slices.Clip(early)}
	x := newExchange(d, g)
	x.header, x.deferred = header, true
	g.exchange = x
	if tcp, ok := nc.(*net.TCPConn); ok {
		g.peer, g.local = addressIn(tcp.RemoteAddr()), addressIn(tcp.LocalAddr())
		g.fd = bareOf(tcp)
	}
	_ = nc.Close()
	d.enter(x)
	return x, true
}

// bareOf returns a descriptor of the connection's socket that Go's poller does not know, -1 if there is none to spare.
func bareOf(nc syscall.Conn) int {
	raw, err := nc.SyscallConn()
	if err != nil {
		return -1
	}
	fd, err := duplicate(raw)
	if err != nil {
		return -1
	}
	return fd
}

func addressIn(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
