package socketio

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strconv"
)

// AppendMsgPack appends a packet as socket.io-msgpack-parser reads it, attachments in their places. Data must be
// valid JSON.
func (p *Packet) AppendMsgPack(b []byte) []byte {
	n := byte(2)
	if p.Data != nil {
		n++
	}
	if p.HasID {
		n++
	}
	w := packer{out: append(b, 0x80|n), attachments: p.Attachments}
	w.text("type")
	w.out = append(w.out, byte(p.Type))
	w.text("nsp")
	if p.Namespace == "" {
		w.text(Root)
	} else {
		w.text(p.Namespace)
	}
	if p.Data != nil {
		w.text("data")
		w.value(p.Data)
	}
	if p.HasID {
		w.text("id")
		w.uint(p.ID)
	}
	return w.out
}

// packer writes valid JSON as MessagePack.
type packer struct {
	out         []byte
	attachments [][]byte
}

func (w *packer) value(v []byte) {
	switch v[0] {
	case 'n':
		w.out = append(w.out, 0xc0)
	case 'f':
		w.out = append(w.out, 0xc2)
	case 't':
		w.out = append(w.out, 0xc3)
	case '"':
		w.quoted(v)
	case '[':
		elements := Elements(v)
		w.size(len(elements), 0x90, 15, 0xdc-1)
		for _, e := range elements {
			w.value(e)
		}
	case '{':
		w.object(v)
	default:
		w.number(string(v))
	}
}

func (w *packer) quoted(v []byte) {
	var s string
	if err := json.Unmarshal(v, &s); err != nil {
		s = "" // not JSON, which the caller has promised
	}
	w.text(s)
}

func (w *packer) object(v []byte) {
	if n, ok := Placeholder(v); ok && n >= 0 && n < len(w.attachments) {
		w.binary(w.attachments[n])
		return
	}
	// An object's members are read as an array's elements are.
	members := Elements(append(append([]byte{'['}, v[1:len(v)-1]...), ']'))
	w.size(len(members), 0x80, 15, 0xde-1)
	for _, m := range members {
		colon := stringEnd(m, 0) + 1
		w.quoted(m[:colon])
		w.value(afterColon(m[colon:]))
	}
}

// afterColon skips white space and the colon between a member's key and value.
func afterColon(m []byte) []byte {
	for i, c := range m {
		switch c {
		case ' ', '\t', '\r', '\n', ':':
		default:
			return m[i:]
		}
	}
	return []byte("null")
}

func (w *packer) number(s string) {
	if u, err := strconv.ParseUint(s, 10, 64); err == nil {
		w.uint(u)
		return
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		w.int(i)
		return
	}
	f, _ := strconv.ParseFloat(s, 64) // out of range: an infinity, as in JavaScript
	w.out = binary.BigEndian.AppendUint64(append(w.out, 0xcb), math.Float64bits(f))
}

func (w *packer) uint(u uint64) {
	switch {
	case u < 0x80:
		w.out = append(w.out, byte(u))
	case u <= math.MaxUint8:
		w.out = append(w.out, 0xcc, byte(u))
	case u <= math.MaxUint16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, 0xcd), uint16(u))
	case u <= math.MaxUint32:
		w.out = binary.BigEndian.AppendUint32(append(w.out, 0xce), uint32(u))
	default:
		w.out = binary.BigEndian.AppendUint64(append(w.out, 0xcf), u)
	}
}

// int writes a negative number.
func (w *packer) int(i int64) {
	switch {
	case i >= -32:
		w.out = append(w.out, byte(i))
	case i >= math.MinInt8:
		w.out = append(w.out, 0xd0, byte(i))
	case i >= math.MinInt16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, 0xd1), uint16(i))
	case i >= math.MinInt32:
		w.out = binary.BigEndian.AppendUint32(append(w.out, 0xd2), uint32(i))
	default:
		w.out = binary.BigEndian.AppendUint64(append(w.out, 0xd3), uint64(i))
	}
}

// size writes a length: within small into the byte fix, else behind a tag, one of three that follow one another and have
// 1, 2 and 4 bytes. Arrays and maps have no tag of 1 byte: theirs is below their first.
func (w *packer) size(n int, fix byte, small int, tag byte) {
	hasByte := tag == 0xd9 || tag == 0xc4
	switch {
	case n <= small:
		w.out = append(w.out, fix|byte(n))
	case n <= math.MaxUint8 && hasByte:
		w.out = append(w.out, tag, byte(n))
	case n <= math.MaxUint16:
		w.out = binary.BigEndian.AppendUint16(append(w.out, tag+1), uint16(n))
	default:
		w.out = binary.BigEndian.AppendUint32(append(w.out, tag+2), uint32(n))
	}
}

func (w *packer) text(s string) {
	w.size(len(s), 0xa0, 31, 0xd9)
	w.out = append(w.out, s...)
}

func (w *packer) binary(data []byte) {
	w.size(len(data), 0, -1, 0xc4)
	w.out = append(w.out, data...)
}
