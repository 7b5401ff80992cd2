//go:build !linux

package ws

import "net"

// seat is not used on this system: there are no loops, and every connection is served by a goroutine.
type seat struct{}

func (*Conn) sitDown() bool { return false }

func (*seat) summon() { panic("ws: no loops here") }

func (*seat) push(*buffer) bool { panic("ws: no loops here") }

func (*seat) netConn() net.Conn { panic("ws: no loops here") }
