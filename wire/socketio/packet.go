package socketio

import (
	"encoding/json"
	"strconv"
)

// Type is a packet's type. The two binary types of the wire are Event and Ack with attachments.
type Type byte

const (
	Connect Type = iota
	Disconnect
	Event
	Ack
	ConnectError
	binaryEvent
	binaryAck
)

// Bounds of a packet.
const (
	MaxAttachments = 64
	MaxDepth       = 64  // of nested arrays and objects
	MaxNamespace   = 256 // bytes
	MaxID          = 1<<53 - 1
)

// Root is the default namespace.
const Root = "/"

// Packet is one packet of a namespace.
type Packet struct {
	Type        Type
	Namespace   string // "/…"; empty means Root when it is appended
	ID          uint64 // of an event that wants an acknowledgement, or of that
	HasID       bool
	Data        []byte   // JSON: an array for Event and Ack, an object for the others; nil for none
	Attachments [][]byte // what the placeholders in Data stand for
}

// AppendText appends a packet as text; its attachments are sent behind it, one message each.
func (p *Packet) AppendText(b []byte) []byte {
	t := p.Type
	if len(p.Attachments) > 0 {
		if t += binaryEvent - Event; p.Type != Event && p.Type != Ack {
			panic("socketio: only events and acknowledgements have attachments")
		}
	}
	b = append(b, '0'+byte(t))
	if len(p.Attachments) > 0 {
		b = append(strconv.AppendInt(b, int64(len(p.Attachments)), 10), '-')
	}
	if p.Namespace != "" && p.Namespace != Root {
		b = append(append(b, p.Namespace...), ',')
	}
	if p.HasID {
		b = strconv.AppendUint(b, p.ID, 10)
	}
	return append(b, p.Data...)
}

// AppendPlaceholder appends what stands for the n-th attachment.
func AppendPlaceholder(b []byte, n int) []byte {
	b = strconv.AppendInt(append(b, `{"_placeholder":true,"num":`...), int64(n), 10)
	return append(b, '}')
}

// reserved are the names that events cannot have.
var reserved = map[string]bool{
	"connect": true, "connect_error": true, "disconnect": true, "disconnecting": true,
	"newListener": true, "removeListener": true,
}

// Reserved reports whether no event can have this name.
func Reserved(name string) bool { return reserved[name] }

// EventName returns the name of an event by the first element of its data.
func EventName(first []byte) (name string, ok bool) {
	if len(first) == 0 {
		return "", false
	}
	if first[0] != '"' { // a number can be a name
		return string(first), first[0] == '-' || '0' <= first[0] && first[0] <= '9'
	}
	if err := json.Unmarshal(first, &name); err != nil {
		return "", false
	}
	return name, !reserved[name]
}
