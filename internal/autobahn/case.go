// Package autobahn is the cases of the Autobahn testsuite, held anew: from RFC 6455, RFC 7692 and what
// the suite's documentation tells of each case, whose numbers the names keep. A case is a peer's part
// in a conversation with an echo, and what the echo must say. [Cases] are the protocol's, [Limits]
// those of large and many messages; [Case.Hold] holds one over any connection after its handshake.
// For compression there is [Zlib], a peer's end of it.
//
// It does not dial or listen, and takes no part of what is tested.
package autobahn

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"slices"
)

// Case is a conversation: the peer sends In and reads Out and then a close frame.
type Case struct {
	Name string
	In   []Frame
	Out  []Frame
	// End is the code in the echo's close frame, or NoStatus. 0 means that it is the peer that closes
	// then, with 1000.
	End  uint16
	Chop int // bytes per write; AtOnce: one write for all; 0: each frame is one write
	Lack int // bytes at the end of In that never come
}

// Frame is a frame's first byte and its payload.
type Frame struct {
	First   byte
	Payload string
}

const (
	// NoStatus is a close frame without a code, which itself never is on the wire.
	NoStatus = 1005
	// AtOnce is the Chop of what is written together.
	AtOnce = 1 << 30
)

// Size is how much the peer says, in bytes of payload.
func (c Case) Size() (n int) {
	for _, f := range c.In {
		n += len(f.Payload)
	}
	return n
}

// Hold plays the peer, a client or a server, and closes the connection. The error tells where the
// echo said something else. br reads from nc.
func (c Case) Hold(nc net.Conn, br *bufio.Reader, client bool) error {
	said := make(chan struct{})
	go func() {
		defer close(said)
		c.say(nc, client)
	}()
	defer func() {
		_ = nc.Close()
		<-said
	}()
	for i, want := range c.Out {
		got, err := Read(br, !client)
		if err != nil {
			return fmt.Errorf("answer %d: %w", i, err)
		}
		if got != want {
			return fmt.Errorf("answer %d is %v, not %v", i, got, want)
		}
	}
	end := c.End
	if end == 0 {
		end = 1000
	}
	got, err := Read(br, !client)
	if err != nil {
		return fmt.Errorf("close frame %d: %w", end, err)
	}
	if code, ok := got.closeCode(); !ok || code != end {
		return fmt.Errorf("the end is %v, not a close frame with %d", got, end)
	}
	if !client {
		return nil // the server ends the connection beneath
	}
	if got, err := Read(br, false); err != io.EOF {
		return fmt.Errorf("after the close frame came %v, %v", got, err)
	}
	return nil
}

// say writes the case's frames, and then closes like a peer that has heard enough.
func (c Case) say(nc net.Conn, client bool) {
	var parts [][]byte
	for _, f := range c.In {
		parts = append(parts, f.Append(nil, client))
	}
	if c.End == 0 {
		parts = append(parts, Close(1000, "").Append(nil, client))
	}
	if c.Lack > 0 {
		last := &parts[len(parts)-1]
		*last = (*last)[:len(*last)-c.Lack]
	}
	if c.Chop > 0 {
		parts = slices.Collect(slices.Chunk(bytes.Join(parts, nil), c.Chop))
	}
	for _, b := range parts {
		if _, err := nc.Write(b); err != nil {
			return // it has hung up on us, as some cases want
		}
	}
}

// Close is a close frame.
func Close(code uint16, reason string) Frame {
	return Frame{0x88, string(binary.BigEndian.AppendUint16(nil, code)) + reason}
}

func (f Frame) closeCode() (code uint16, ok bool) {
	switch {
	case f.First != 0x88 || len(f.Payload) == 1:
		return 0, false
	case f.Payload == "":
		return NoStatus, true
	}
	return binary.BigEndian.Uint16([]byte(f.Payload)), true
}

func (f Frame) String() string {
	return fmt.Sprintf("frame %#x %.60q (%d bytes)", f.First, f.Payload, len(f.Payload))
}
