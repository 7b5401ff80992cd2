package ws

import (
	"encoding/binary"
	"slices"
	"unicode/utf8"

	"github.com/vechehq/veche/ws/internal/simd"
)

// parser turns a stream of bytes that is cut anywhere into whole messages and control frames, and
// refuses what the RFCs forbid as soon as the first wrong byte is there. It touches no socket.
type parser struct {
	side    Side      // immutable: whose ears these are
	max     int64     // immutable: MaxMessage
	inflate *inflater // nil unless permessage-deflate was negotiated

	frame frameState
	msg   messageState
}

// frameState is the frame that is being read.
type frameState struct {
	head    [maxHeader]byte
	have    int    // bytes in head of a header that was cut; 0 ≤ have < maxHeader
	open    bool   // the header was read, the payload is not complete
	h       header // its key turns with the payload
	left    uint64 // payload bytes to come; left ≤ h.length
	control []byte // payload of a control frame that was cut; at most maxControl
}

// messageState is the message that is being assembled.
type messageState struct {
	op       opcode  // opText or opBinary; opContinuation: there is none
	deflated bool    // RSV1 was set on its first frame
	announce uint64  // sum of its frames' lengths
	buf      *buffer // what has come of it; nil while nothing was kept
	frame    *buffer // what has come of a frame that is compressed by itself; else nil
	text     utf8Checker
}

// event is what the peer said: a message (opText, opBinary) or a control frame.
type event struct {
	op   opcode
	data []byte  // inside of what was fed, or of buf
	buf  *buffer // if not nil, owned by who receives the event
}

// feed reads from b until something is whole or b is used up, and returns what remains of b. ok is
// false if more bytes are needed. It changes b (unmasking). After an error the parser is of no use.
func (p *parser) feed(b []byte) (rest []byte, ev event, ok bool, err error) {
	for {
		if !p.frame.open {
			n, err := p.readHeader(b)
			b = b[n:]
			if err != nil || !p.frame.open {
				return b, event{}, false, err
			}
		}
		n := int(min(uint64(len(b)), p.frame.left))
		chunk := b[:n]
		b = b[n:]
		p.frame.h.key = p.unmask(chunk)
		p.frame.left -= uint64(n)
		p.frame.open = p.frame.left > 0
		if p.frame.h.op.control() {
			ev, ok, err = p.controlPayload(chunk)
		} else {
			ev, ok, err = p.dataPayload(chunk)
		}
		if ok || err != nil || p.frame.open {
			return b, ev, ok, err
		}
	}
}

// short reads a message that stands whole at the beginning of b, in one frame of at most 64 KiB that is
// not compressed, as nearly all do: without the steps that others need this takes a third of the time.
// n is how long its frame is; 0 leaves all to feed.
func (p *parser) short(b []byte) (op opcode, data []byte, n int, err error) {
	if len(b) < shortest || b[0] != bitFin|byte(opText) && b[0] != bitFin|byte(opBinary) || !p.idle() {
		return 0, nil, 0, nil
	}
	size, head := int(b[1]), 2
	if p.side == Server {
		size -= bitMask // what is not masked becomes negative
		head += 4
	}
	if size == 126 {
		size = int(binary.BigEndian.Uint16(b[2:]))
		head += 2
		if size < 126 {
			return 0, nil, 0, nil
		}
	} else if size > 126 {
		return 0, nil, 0, nil
	}
	n = head + size
	if size < 0 || n > len(b) || int64(size) > p.max {
		return 0, nil, 0, nil
	}
	op, data = opcode(b[0]&0xf), b[head:n:n]
	if p.side == Server {
		simd.Mask(binary.LittleEndian.Uint32(b[head-4:]), data)
	}
	if op == opText && !simd.ValidUTF8(data) {
		return 0, nil, 0, p.badText()
	}
	return op, data, n, nil
}

// shortest is what short looks at before it knows how long the frame is.
const shortest = 8

func (p *parser) unmask(b []byte) uint32 {
	if !p.frame.h.masked {
		return 0
	}
	return simd.Mask(p.frame.h.key, b)
}

// readHeader takes a header's bytes from b and checks each as it comes.
func (p *parser) readHeader(b []byte) (n int, err error) {
	f := &p.frame
	if f.have == 0 && len(b) >= maxHeader {
		if err := p.checkFirst(b[0]); err != nil {
			return 0, err
		}
		if err := p.checkSecond(b[0], b[1]); err != nil {
			return 0, err
		}
		n = headerSize(b[1])
		return n, p.startFrame(b[:n])
	}
	for n < len(b) {
		f.head[f.have] = b[n]
		f.have++
		n++
		switch {
		case f.have == 1:
			err = p.checkFirst(f.head[0])
		case f.have == 2:
			err = p.checkSecond(f.head[0], f.head[1])
		}
		if err != nil {
			return n, err
		}
		if f.have >= 2 && f.have == headerSize(f.head[1]) {
			size := f.have
			f.have = 0
			return n, p.startFrame(f.head[:size])
		}
	}
	return n, nil
}

func (p *parser) checkFirst(first byte) error {
	op := opcode(first & 0xf)
	switch {
	case first&(bitRSV2|bitRSV3) != 0:
		// "If a nonzero value is received and none of the negotiated extensions defines the
		// meaning of such a nonzero value, the receiving endpoint MUST _Fail the WebSocket
		// Connection_."
		return p.broken("5.2", "a reserved bit is set")
	case first&bitRSV1 != 0 && p.inflate == nil:
		return p.broken("5.2", "RSV1 is set, but no compression was negotiated")
	case op > opBinary && op < opClose || op > opPong:
		return p.broken("5.2", "reserved opcode")
	case op.control() && first&bitFin == 0:
		return p.broken("5.5", "fragmented control frame")
	case first&bitRSV1 != 0 && (op.control() || op == opContinuation && !p.inflate.perFrame):
		return p.brokenDeflate("6.1", StatusProtocolError, "RSV1 is set on a frame that does not begin a message")
	case op == opContinuation && p.msg.op == opContinuation:
		return p.broken("5.4", "continuation without a message to continue")
	case op != opContinuation && !op.control() && p.msg.op != opContinuation:
		return p.broken("5.4", "new message inside of a fragmented one")
	}
	return nil
}

func (p *parser) checkSecond(first, second byte) error {
	masked := second&bitMask != 0
	switch {
	case p.side == Server && !masked:
		return p.broken("5.1", "frame from a client is not masked")
	case p.side == Client && masked:
		return p.broken("5.1", "frame from a server is masked")
	case opcode(first&0xf).control() && second&^bitMask > maxControl:
		return p.broken("5.5", "control frame above 125 bytes")
	}
	return nil
}

func (p *parser) startFrame(b []byte) error {
	h, minimal := decodeHeader(b)
	if !minimal {
		// "the minimal number of bytes MUST be used to encode the length", and "the most
		// significant bit MUST be 0"
		return p.broken("5.2", "length is not in its shortest form")
	}
	p.frame.h, p.frame.left, p.frame.open = h, h.length, true
	if h.op.control() {
		p.frame.control = p.frame.control[:0]
		return nil
	}
	if h.op != opContinuation {
		p.msg = messageState{op: h.op, deflated: h.rsv1 && !p.inflate.perFrame}
	}
	if h.length > p.limit()-p.msg.announce {
		return &TooBigError{By: p.side.peer(), Limit: p.max}
	}
	p.msg.announce += h.length
	return nil
}

// limit is how long the message may be on the wire. One that does not compress grows by a few bytes
// per block.
func (p *parser) limit() uint64 {
	n := uint64(p.max)
	if p.msg.deflated || p.frame.h.rsv1 {
		n += n>>6 + 64
	}
	return n
}

func (p *parser) controlPayload(chunk []byte) (event, bool, error) {
	f := &p.frame
	if f.open || len(f.control) > 0 {
		f.control = append(f.control, chunk...)
		chunk = f.control
	}
	if f.open {
		return event{}, false, nil
	}
	if f.h.op == opClose {
		if err := p.checkClose(chunk); err != nil {
			return event{}, false, err
		}
	}
	return event{op: f.h.op, data: chunk}, true, nil
}

func (p *parser) checkClose(payload []byte) error {
	if len(payload) == 0 {
		return nil
	}
	if len(payload) == 1 {
		return p.broken("5.5.1", "close frame with half a code")
	}
	if code := StatusCode(binary.BigEndian.Uint16(payload)); !code.onWire() {
		return p.broken("7.4", "close code "+code.String()+" may not be sent")
	}
	if !utf8.Valid(payload[2:]) {
		return p.brokenAs("RFC 6455, section 5.5.1", StatusInvalidData, "close reason is not UTF-8")
	}
	return nil
}

func (p *parser) dataPayload(chunk []byte) (event, bool, error) {
	if p.frame.h.rsv1 && p.inflate.perFrame {
		return p.deflatedFrame(chunk)
	}
	return p.plainPayload(chunk)
}

// plainPayload takes payload as it is in the message, or in its compressed form.
func (p *parser) plainPayload(chunk []byte) (event, bool, error) {
	m := &p.msg
	if m.op == opText && !m.deflated && !m.text.check(chunk) {
		return event{}, false, p.badText()
	}
	last := p.frame.h.fin && !p.frame.open
	if last && m.buf == nil && !m.deflated {
		return p.whole(event{op: m.op, data: chunk})
	}
	if m.buf == nil {
		m.buf = newBuffer()
	}
	m.buf.add(chunk)
	switch {
	case !last:
		return event{}, false, nil
	case m.deflated:
		return p.inflated()
	}
	return p.whole(event{op: m.op, data: m.buf.b, buf: m.buf})
}

// minRoom is from how many bytes on payload is received where it will stay.
const minRoom = 64 << 10

// room returns where the payload that comes next may be received, so that it is not copied; nil if so
// little is missing that it does not matter. The message's buffer grows with what has come, not with what
// was announced.
func (p *parser) room() []byte {
	f, buf := &p.frame, p.msg.buf
	if buf == nil || !f.open || f.left < minRoom || f.h.op.control() {
		return nil
	}
	n := int(min(f.left, uint64(max(minRoom, len(buf.b)))))
	buf.reserve(n)
	buf.b = slices.Grow(buf.b, n)
	return buf.b[len(buf.b) : len(buf.b)+n]
}

// whole ends the message, whose text was checked piece by piece but for its end.
func (p *parser) whole(ev event) (event, bool, error) {
	if ev.op == opText && !p.msg.text.whole() {
		return event{}, false, p.badText()
	}
	p.msg = messageState{}
	return ev, true, nil
}

func (p *parser) inflateError(err error) error {
	switch {
	case err == errInflatesTooBig:
		return &TooBigError{By: p.side.peer(), Limit: p.max}
	case p.inflate.perFrame:
		return p.brokenAs(frameDeflateDraft, StatusInvalidData, "frame does not inflate")
	}
	return p.brokenDeflate("7.2.2", StatusInvalidData, "message does not inflate")
}

func (p *parser) inflated() (event, bool, error) {
	m := &p.msg
	out, err := p.inflate.message(m.buf, p.max)
	m.buf.free()
	m.buf = nil
	switch {
	case err != nil:
		return event{}, false, p.inflateError(err)
	case m.op == opText && !simd.ValidUTF8(out.b):
		out.free()
		return event{}, false, p.badText()
	}
	ev := event{op: m.op, data: out.b, buf: out}
	p.msg = messageState{}
	return ev, true, nil
}

// idle reports whether there is nothing unfinished.
func (p *parser) idle() bool {
	return !p.frame.open && p.frame.have == 0 && p.msg.op == opContinuation
}

// discard gives back what was kept of an unfinished message.
func (p *parser) discard() {
	p.msg.buf.free()
	p.msg.frame.free()
	p.msg = messageState{}
}

// badText: "When an endpoint is to interpret a byte stream as UTF-8 but finds that the byte stream is
// not, in fact, a valid UTF-8 stream, that endpoint MUST _Fail the WebSocket Connection_."
func (p *parser) badText() error {
	return p.brokenAs("RFC 6455, section 8.1", StatusInvalidData, "text is not UTF-8")
}

func (p *parser) broken(section, text string) error {
	return p.brokenAs("RFC 6455, section "+section, StatusProtocolError, text)
}

func (p *parser) brokenDeflate(section string, code StatusCode, text string) error {
	return p.brokenAs("RFC 7692, section "+section, code, text)
}

func (p *parser) brokenAs(section string, code StatusCode, text string) error {
	return &ProtocolError{By: p.side.peer(), Section: section, Code: code, Text: text}
}
