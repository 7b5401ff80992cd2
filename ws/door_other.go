//go:build !linux

package ws

import (
	"net"
	"net/http"
)

// newDoor returns nil: on this system everything goes through net/http.
func newDoor(net.Listener, *http.Server, []string) net.Listener { return nil }

func newServed(nc net.Conn, protocol string, o Options, agreed *deflateParams, early []byte) *Conn {
	return newConn(nc, Server, protocol, o, agreed, early)
}
