package socketio

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What is wrong with a packet. The client is not to be listened to any more.
var (
	ErrType        = errors.New("socketio: an unknown packet type")
	ErrPayload     = errors.New("socketio: an invalid payload")
	ErrNamespace   = errors.New("socketio: an invalid namespace")
	ErrID          = errors.New("socketio: an invalid acknowledgement id")
	ErrAttachments = errors.New("socketio: too many attachments, or their number is missing")
	ErrText        = errors.New("socketio: text in place of an attachment")
	ErrBinary      = errors.New("socketio: an attachment that was not announced")
	ErrPlaceholder = errors.New("socketio: a placeholder of an attachment that is not there")
)

// Decoder reads the messages of one client. The zero value is ready. After an error it is of no use.
type Decoder struct{ pending *pending }

// pending is a packet that waits for attachments.
type pending struct {
	packet  *Packet
	missing int
	bytes   int // that wait with it
}

// Waiting is how many bytes wait for their last attachment.
func (d *Decoder) Waiting() int {
	if d.pending == nil {
		return 0
	}
	return d.pending.bytes
}

// Text takes a text message, UTF-8. It returns nil while attachments are missing. The packet keeps nothing of text.
func (d *Decoder) Text(text []byte) (*Packet, error) {
	if d.pending != nil {
		return nil, ErrText
	}
	p, attachments, err := decode(text)
	if err != nil {
		return nil, err
	}
	p.Data = bytes.Clone(p.Data)
	if attachments == 0 {
		return p, nil
	}
	d.pending = &pending{p, attachments, len(p.Data)}
	return nil, nil
}

// Binary takes a binary message, an attachment. It returns nil while others are missing.
func (d *Decoder) Binary(data []byte) (*Packet, error) {
	w := d.pending
	if w == nil {
		return nil, ErrBinary
	}
	p := w.packet
	p.Attachments = append(p.Attachments, bytes.Clone(data))
	w.bytes += len(data)
	if w.missing--; w.missing > 0 {
		return nil, nil
	}
	d.pending = nil
	return p, checkPlaceholders(p)
}

// checkPlaceholders refuses placeholders of attachments that are not there.
func checkPlaceholders(p *Packet) error {
	var err error
	Replace(p.Data, func(b []byte, n int) []byte {
		if n < 0 || n >= len(p.Attachments) {
			err = ErrPlaceholder
		}
		return b
	})
	return err
}

// decode reads a packet's text, and how many attachments follow.
func decode(text []byte) (p *Packet, attachments int, err error) {
	if len(text) == 0 || text[0] < '0' || text[0] > '0'+byte(binaryAck) {
		return nil, 0, ErrType
	}
	p = &Packet{Type: Type(text[0] - '0'), Namespace: Root}
	text = text[1:]
	if p.Type >= binaryEvent {
		p.Type -= binaryEvent - Event
		if attachments, text, err = count(text); err != nil {
			return nil, 0, err
		}
	}
	if len(text) > 0 && text[0] == '/' {
		name, rest, _ := bytes.Cut(text, []byte{','})
		if !namespace(string(name)) {
			return nil, 0, ErrNamespace
		}
		p.Namespace, text = string(name), rest
	}
	if text, err = p.id(text); err != nil {
		return nil, 0, err
	}
	if text = bytes.TrimSpace(text); len(text) > 0 {
		p.Data = text
	}
	return p, attachments, p.check()
}

// namespace reports whether a name can be a namespace's.
func namespace(name string) bool {
	return len(name) <= MaxNamespace && strings.HasPrefix(name, Root) && !strings.Contains(name, ",") && utf8.ValidString(name)
}

// count reads the number of attachments and its dash.
func count(text []byte) (n int, rest []byte, err error) {
	digits, rest, ok := bytes.Cut(text, []byte{'-'})
	if !ok || len(digits) > 4 {
		return 0, nil, ErrAttachments
	}
	u, err := strconv.ParseUint(string(digits), 10, 16)
	if err != nil || u < 1 || u > MaxAttachments {
		return 0, nil, ErrAttachments
	}
	return int(u), rest, nil
}

// id reads the id, if there is one.
func (p *Packet) id(text []byte) (rest []byte, err error) {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	if n == 0 {
		return text, nil
	}
	p.ID, err = strconv.ParseUint(string(text[:n]), 10, 64)
	if err != nil || p.ID > MaxID {
		return nil, ErrID
	}
	p.HasID = true
	return text[n:], nil
}

// check judges the form of Data.
func (p *Packet) check() error {
	if p.Data != nil && !valid(p.Data) {
		return ErrPayload
	}
	first := byte(0)
	if len(p.Data) > 0 {
		first = p.Data[0]
	}
	ok := false
	switch p.Type {
	case Connect:
		ok = first == 0 || first == '{'
	case Disconnect:
		ok = first == 0
	case ConnectError:
		ok = first == '{' || first == '"'
	case Ack:
		ok = p.HasID && (first == 0 || first == '[')
	case Event:
		if elements := Elements(p.Data); len(elements) > 0 {
			_, ok = EventName(elements[0])
		}
	}
	if !ok {
		return ErrPayload
	}
	return nil
}
