//go:build !linux

package ws

import (
	"errors"
	"net"
)

// seat is not used on this system: there are no loops, no connection is a bare descriptor, and every one
// is served by a goroutine.
type seat struct{}

func (*Conn) sitDown() bool { return false }

func (*Conn) dress() (*stream, error) { return nil, errors.ErrUnsupported }

func (*Conn) strip() {}

func (*Conn) netConn() net.Conn { return nil }

func (*Conn) inLoop() flusher { return nil }

func (*seat) summon() { panic("ws: no loops here") }
