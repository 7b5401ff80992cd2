package socketio

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// ErrMsgPack is what is no MessagePack of a packet.
var ErrMsgPack = errors.New("socketio: an invalid MessagePack packet")

// MsgPack takes a binary message of a client of socket.io-msgpack-parser: a whole packet. What JSON has no
// word for becomes what JavaScript would make of it: NaN and infinities null, a timestamp its RFC 3339 text.
func MsgPack(message []byte) (*Packet, error) {
	r := unpacker{in: message, p: &Packet{Namespace: Root}}
	r.packet()
	if r.err == nil && len(r.in) > 0 {
		r.err = ErrMsgPack
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.p, r.p.check()
}

// unpacker reads MessagePack and writes JSON; binary values become attachments of p.
type unpacker struct {
	in    []byte
	p     *Packet
	out   []byte
	depth int
	err   error
}

func (r *unpacker) fail() {
	if r.err == nil {
		r.err = ErrMsgPack
	}
	r.in = nil
}

// packet reads the map of type, nsp, id and data; other keys are ignored.
func (r *unpacker) packet() {
	for n := r.mapSize(); n > 0 && r.err == nil; n-- {
		key := r.json()
		attachments := len(r.p.Attachments)
		value := r.json()
		switch string(key) {
		case `"type"`:
			t, err := strconv.ParseUint(string(value), 10, 8)
			if err != nil || t > uint64(ConnectError) {
				r.err = ErrType
			}
			r.p.Type = Type(t)
		case `"nsp"`:
			if json.Unmarshal(value, &r.p.Namespace) != nil || !namespace(r.p.Namespace) {
				r.err = ErrNamespace
			}
		case `"id"`:
			r.id(value)
		case `"data"`:
			if string(value) != "null" {
				r.p.Data = value
			}
		default:
			r.p.Attachments = r.p.Attachments[:attachments]
		}
	}
}

func (r *unpacker) id(value []byte) {
	if string(value) == "null" {
		return
	}
	id, err := strconv.ParseUint(string(value), 10, 64)
	if err != nil || id > MaxID {
		r.err = ErrID
	}
	r.p.ID, r.p.HasID = id, true
}

func (r *unpacker) mapSize() int {
	switch c := r.byte(); {
	case c>>4 == 8:
		return int(c & 15)
	case c == 0xde:
		return int(r.uint(2))
	case c == 0xdf:
		return int(r.uint(4))
	}
	r.fail()
	return 0
}

// json reads one value and returns it as JSON.
func (r *unpacker) json() []byte {
	outer := r.out
	r.out = nil
	r.value()
	value := r.out
	r.out = outer
	return value
}

func (r *unpacker) byte() byte {
	b := r.bytes(1)
	if b == nil {
		return 0xc1
	}
	return b[0]
}

func (r *unpacker) bytes(n int) []byte {
	if n < 0 || n > len(r.in) || r.err != nil {
		r.fail()
		return nil
	}
	b := r.in[:n]
	r.in = r.in[n:]
	return b
}

func (r *unpacker) uint(n int) uint64 {
	var b [8]byte
	copy(b[8-n:], r.bytes(n))
	return binary.BigEndian.Uint64(b[:])
}

func (r *unpacker) int(n int) int64 { return int64(r.uint(n)) << (64 - 8*n) >> (64 - 8*n) }

func (r *unpacker) value() {
	if r.depth++; r.depth > MaxDepth+1 {
		r.fail()
		return
	}
	defer func() { r.depth-- }()
	switch c := r.byte(); {
	case c < 0x80:
		r.out = strconv.AppendUint(r.out, uint64(c), 10)
	case c < 0x90:
		r.object(int(c & 15))
	case c < 0xa0:
		r.array(int(c & 15))
	case c < 0xc0:
		r.text(int(c & 31))
	case c >= 0xe0:
		r.out = strconv.AppendInt(r.out, int64(int8(c)), 10)
	default:
		r.tagged(c)
	}
}

func (r *unpacker) tagged(c byte) {
	switch c {
	case 0xc0:
		r.out = append(r.out, "null"...)
	case 0xc2:
		r.out = append(r.out, "false"...)
	case 0xc3:
		r.out = append(r.out, "true"...)
	case 0xc4, 0xc5, 0xc6:
		r.binary(int(r.uint(1 << (c - 0xc4))))
	case 0xc7, 0xc8, 0xc9:
		r.extension(int(r.uint(1 << (c - 0xc7))))
	case 0xca:
		r.float(float64(math.Float32frombits(uint32(r.uint(4)))))
	case 0xcb:
		r.float(math.Float64frombits(r.uint(8)))
	case 0xcc, 0xcd, 0xce, 0xcf:
		r.out = strconv.AppendUint(r.out, r.uint(1<<(c-0xcc)), 10)
	case 0xd0, 0xd1, 0xd2, 0xd3:
		r.out = strconv.AppendInt(r.out, r.int(1<<(c-0xd0)), 10)
	case 0xd4, 0xd5, 0xd6, 0xd7, 0xd8:
		r.extension(1 << (c - 0xd4))
	case 0xd9, 0xda, 0xdb:
		r.text(int(r.uint(1 << (c - 0xd9))))
	case 0xdc, 0xdd:
		r.array(int(r.uint(2 << (c - 0xdc))))
	case 0xde, 0xdf:
		r.object(int(r.uint(2 << (c - 0xde))))
	default:
		r.fail()
	}
}

func (r *unpacker) float(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		r.out = append(r.out, "null"...)
		return
	}
	text, err := json.Marshal(f)
	if err != nil {
		r.fail()
	}
	r.out = append(r.out, text...)
}

func (r *unpacker) text(n int) {
	s := r.bytes(n)
	if !utf8.Valid(s) {
		r.fail()
		return
	}
	r.out = appendString(r.out, s)
}

func (r *unpacker) binary(n int) {
	data := r.bytes(n)
	if r.err != nil || len(r.p.Attachments) >= MaxAttachments {
		r.fail()
		return
	}
	r.out = AppendPlaceholder(r.out, len(r.p.Attachments))
	r.p.Attachments = append(r.p.Attachments, bytes.Clone(data))
}

// Extension types of MessagePack and of JavaScript's encoders.
const (
	extUndefined = 0
	extTimestamp = -1
)

func (r *unpacker) extension(n int) {
	typ := int8(r.byte())
	data := r.bytes(n)
	if r.err != nil {
		return
	}
	switch typ {
	case extTimestamp:
		if t, ok := timestamp(data); ok {
			r.out = append(t.UTC().AppendFormat(append(r.out, '"'), "2006-01-02T15:04:05.000Z07:00"), '"')
			return
		}
	case extUndefined:
		r.out = append(r.out, "null"...)
		return
	}
	r.fail()
}

func timestamp(b []byte) (time.Time, bool) {
	switch len(b) {
	case 4:
		return time.Unix(int64(binary.BigEndian.Uint32(b)), 0), true
	case 8:
		v := binary.BigEndian.Uint64(b)
		return time.Unix(int64(v&(1<<34-1)), int64(v>>34)), true
	case 12:
		t := time.Unix(int64(binary.BigEndian.Uint64(b[4:])), int64(binary.BigEndian.Uint32(b)))
		return t, t.Year() >= 0 && t.Year() < 10000
	}
	return time.Time{}, false
}

func (r *unpacker) array(n int) {
	if n > len(r.in) {
		r.fail()
		return
	}
	r.out = append(r.out, '[')
	for i := range n {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		if r.value(); r.err != nil {
			return
		}
	}
	r.out = append(r.out, ']')
}

func (r *unpacker) object(n int) {
	if n > len(r.in)/2 {
		r.fail()
		return
	}
	r.out = append(r.out, '{')
	for i := range n {
		if i > 0 {
			r.out = append(r.out, ',')
		}
		if len(r.in) == 0 || !isText(r.in[0]) {
			r.fail()
			return
		}
		r.value()
		r.out = append(r.out, ':')
		if r.value(); r.err != nil {
			return
		}
	}
	r.out = append(r.out, '}')
}

func isText(c byte) bool { return c>>5 == 5 || 0xd9 <= c && c <= 0xdb }

func appendString(b, s []byte) []byte {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(string(s)); err != nil {
		panic(err) // strings always marshal
	}
	return append(b, bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})...)
}
