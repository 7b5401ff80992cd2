package ws

import (
	"encoding/binary"

	"github.com/vechehq/veche/ws/internal/simd"
)

// opcode says what a frame is: RFC 6455, section 5.2.
type opcode byte

const (
	opContinuation opcode = 0
	opText         opcode = 1
	opBinary       opcode = 2
	opClose        opcode = 8
	opPing         opcode = 9
	opPong         opcode = 10
)

func (o opcode) control() bool { return o&8 != 0 }

const (
	bitFin     = 1 << 7
	bitRSV1    = 1 << 6
	bitRSV2    = 1 << 5
	bitRSV3    = 1 << 4
	bitMask    = 1 << 7
	maxHeader  = 14
	maxControl = 125 // payload of a control frame: RFC 6455, section 5.5
	maxReason  = maxControl - 2
)

// header is a frame's.
type header struct {
	fin    bool
	rsv1   bool
	op     opcode
	masked bool
	key    uint32 // as mask takes it
	length uint64
}

// headerSize returns how long a header is by its second byte.
func headerSize(second byte) int {
	n := 2
	switch second &^ bitMask {
	case 126:
		n += 2
	case 127:
		n += 8
	}
	if second&bitMask != 0 {
		n += 4
	}
	return n
}

// decodeHeader reads a whole header, of headerSize(b[1]) bytes. minimal is false if the length took
// more bytes than it needed or has its highest bit set.
func decodeHeader(b []byte) (h header, minimal bool) {
	h.fin = b[0]&bitFin != 0
	h.rsv1 = b[0]&bitRSV1 != 0
	h.op = opcode(b[0] & 0xf)
	h.masked = b[1]&bitMask != 0
	minimal = true
	rest := b[2:]
	switch n := b[1] &^ bitMask; n {
	case 126:
		h.length = uint64(binary.BigEndian.Uint16(rest))
		rest = rest[2:]
		minimal = h.length > 125
	case 127:
		h.length = binary.BigEndian.Uint64(rest)
		rest = rest[8:]
		minimal = h.length > 0xffff && h.length>>63 == 0
	default:
		h.length = uint64(n)
	}
	if h.masked {
		h.key = binary.LittleEndian.Uint32(rest)
	}
	return h, minimal
}

// appendHeader appends h to b. All frames that are sent are final.
func appendHeader(b []byte, h header) []byte {
	first := byte(h.op) | bitFin
	if h.rsv1 {
		first |= bitRSV1
	}
	var second byte
	if h.masked {
		second = bitMask
	}
	switch n := h.length; {
	case n <= 125:
		b = append(b, first, second|byte(n))
	case n <= 0xffff:
		b = append(b, first, second|126, byte(n>>8), byte(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, second|127), n)
	}
	if h.masked {
		b = binary.LittleEndian.AppendUint32(b, h.key)
	}
	return b
}

// appendFrame appends a whole frame to b, masked if from is the client, with a new key: "The masking
// key needs to be unpredictable" (RFC 6455, section 5.3).
func appendFrame(b []byte, from Side, op opcode, rsv1 bool, payload []byte) []byte {
	h := header{op: op, rsv1: rsv1, length: uint64(len(payload))}
	if from == Server {
		return append(appendHeader(b, h), payload...)
	}
	h.masked, h.key = true, newKey()
	b = appendHeader(b, h)
	start := len(b)
	b = append(b, payload...)
	simd.Mask(h.key, b[start:])
	return b
}
