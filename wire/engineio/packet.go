package engineio

import (
	"bytes"
	"encoding/base64"
	"errors"
	"unicode/utf8"
)

// Version is the revision of the protocol, a client's EIO parameter.
const Version = "4"

// Type is a packet's type as it stands on the wire.
type Type byte

const (
	Open    Type = '0'
	Close   Type = '1'
	Ping    Type = '2'
	Pong    Type = '3'
	Message Type = '4'
	Upgrade Type = '5'
	Noop    Type = '6'
)

// Probe is the data of the ping and pong with which a transport is tried.
const Probe = "probe"

// Packet is one packet. A binary one is always a Message.
type Packet struct {
	Type   Type
	Binary bool
	Data   []byte
}

var (
	errEmpty   = errors.New("engineio: an empty packet")
	errType    = errors.New("engineio: an unknown packet type")
	errBase64  = errors.New("engineio: a binary packet that is not base64")
	errUTF8    = errors.New("engineio: text that is not UTF-8")
	errPackets = errors.New("engineio: too many packets in a payload")
)

// Decode reads a text packet. Its Data is part of text.
func Decode(text []byte) (Packet, error) {
	if len(text) == 0 {
		return Packet{}, errEmpty
	}
	t := Type(text[0])
	if t < Open || t > Noop {
		return Packet{}, errType
	}
	return Packet{Type: t, Data: text[1:]}, nil
}

// Append appends a packet that is not binary as text.
func (p Packet) Append(b []byte) []byte { return append(append(b, byte(p.Type)), p.Data...) }

// separator stands between the packets of a payload.
const separator = 0x1e

// binaryMark begins a binary packet in a payload; base64 follows.
const binaryMark = 'b'

// MaxPackets is how many packets a payload may have.
const MaxPackets = 4096

// Payload reads the body of a long-polling request: packets, the binary ones in base64. Their Data is part of
// body, which is overwritten.
func Payload(body []byte) ([]Packet, error) {
	n := bytes.Count(body, []byte{separator}) + 1
	if n > MaxPackets {
		return nil, errPackets
	}
	packets := make([]Packet, 0, n)
	for part := range bytes.SplitSeq(body, []byte{separator}) {
		p, err := decodePart(part)
		if err != nil {
			return nil, err
		}
		packets = append(packets, p)
	}
	return packets, nil
}

func decodePart(part []byte) (Packet, error) {
	if len(part) == 0 || part[0] != binaryMark {
		if !utf8.Valid(part) {
			return Packet{}, errUTF8
		}
		return Decode(part)
	}
	data := part[1:]
	n, err := base64.StdEncoding.Decode(data, data)
	if err != nil {
		return Packet{}, errBase64
	}
	return Packet{Type: Message, Binary: true, Data: data[:n]}, nil
}

// AppendPart appends what is a WebSocket message, a text packet or a binary message, to a payload.
func AppendPart(payload []byte, binary bool, message []byte) []byte {
	if len(payload) > 0 {
		payload = append(payload, separator)
	}
	if !binary {
		return append(payload, message...)
	}
	return base64.StdEncoding.AppendEncode(append(payload, binaryMark), message)
}
