//go:build !unix

package ws

import "net"

// socket is not used on this system: every connection is read and written through the net package.
type socket struct{}

func plainSocket(net.Conn) *socket { return nil }

func (*socket) receive() (*readBuffer, []byte, error) { panic("ws: no sockets here") }

func (*socket) send([]byte) (int, error) { panic("ws: no sockets here") }

type readBuffer struct{}

func (*readBuffer) free() {}
