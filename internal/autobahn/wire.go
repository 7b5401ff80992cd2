package autobahn

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// Append appends the frame's bytes, wrong ones too, to b.
func (f Frame) Append(b []byte, masked bool) []byte {
	b = append(b, f.First)
	var m byte
	if masked {
		m = 0x80
	}
	switch n := len(f.Payload); {
	case n <= 125:
		b = append(b, m|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, m|126), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, m|127), uint64(n))
	}
	if !masked {
		return append(b, f.Payload...)
	}
	key := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, key[:]...)
	for i := range len(f.Payload) {
		b = append(b, f.Payload[i]^key[i%4])
	}
	return b
}

// Read reads a frame of a side that masks, or of one that does not.
func Read(r *bufio.Reader, masked bool) (Frame, error) {
	var head [2]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return Frame{}, err
	}
	n, err := readLength(r, head[1]&0x7f)
	if err != nil {
		return Frame{}, err
	}
	var key [4]byte
	if head[1]&0x80 != 0 != masked {
		return Frame{}, errors.New("frame masked by a server, or not by a client")
	} else if masked {
		if _, err := io.ReadFull(r, key[:]); err != nil {
			return Frame{}, err
		}
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(r, data); err != nil {
		return Frame{}, err
	}
	for i := range data {
		data[i] ^= key[i%4]
	}
	return Frame{head[0], string(data)}, nil
}

func readLength(r *bufio.Reader, short byte) (uint64, error) {
	size := map[byte]int{126: 2, 127: 8}[short]
	if size == 0 {
		return uint64(short), nil
	}
	var b [8]byte
	_, err := io.ReadFull(r, b[8-size:])
	return binary.BigEndian.Uint64(b[:]), err
}
