package ws

import (
	"net"
	"net/netip"
	"sync/atomic"
)

// address is a TCP address in little space.
type address struct {
	ip   [16]byte
	port uint16
}

func addressOf(a netip.AddrPort) address {
	return address{ip: a.Addr().As16(), port: a.Port()}
}

// tcp makes a net.Addr of it.
func (a address) tcp() *net.TCPAddr {
	ip := netip.AddrFrom16(a.ip).Unmap()
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, a.port))
}

// ends are the addresses of a connection as far as they are shared, or do not fit in address.
type ends struct {
	local  net.Addr
	remote net.Addr // nil: in Conn.remote
}

// lastEnds are those of the connection made last.
var lastEnds atomic.Pointer[ends]

// endsOf returns the addresses of nc. The connections that one listener has accepted have mostly the
// same local address, and share it.
func endsOf(nc net.Conn) (*ends, address) {
	local, ok := nc.LocalAddr().(*net.TCPAddr)
	remote, ok2 := nc.RemoteAddr().(*net.TCPAddr)
	if !ok || !ok2 || local.Zone != "" || remote.Zone != "" || remote.IP == nil {
		return &ends{local: nc.LocalAddr(), remote: nc.RemoteAddr()}, address{}
	}
	return sameEnds(local.AddrPort()), addressOf(remote.AddrPort())
}

// sameEnds returns ends with a TCP address, the last ones if they have the same.
func sameEnds(local netip.AddrPort) *ends {
	local = netip.AddrPortFrom(local.Addr().Unmap(), local.Port())
	if last := lastEnds.Load(); last != nil && last.local.(*net.TCPAddr).AddrPort() == local {
		return last
	}
	e := &ends{local: net.TCPAddrFromAddrPort(local)}
	lastEnds.Store(e)
	return e
}
