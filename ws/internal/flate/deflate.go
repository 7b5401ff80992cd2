package flate

import (
	"encoding/binary"
	"slices"
	"sync"
)

// encoder deflates one message.
type encoder struct {
	matcher
	preamble
	behind []byte // a message behind its dictionary

	out  []byte // written up to w
	w    int
	bits uint64 // to be written, the next one is the lowest
	n    uint   // how many; fewer than 16 between writes
}

var encoders = sync.Pool{New: func() any { return new(encoder) }}

// maxBehind is the largest message, in bytes, for which it is worth to look at what came before.
const maxBehind = 32 << 10

// Deflate appends src to out, deflated behind dict, without the four bytes at its end that are not sent
// (RFC 7692, section 7.2.1). No match reaches back more than window bytes, at most MaxWindow.
func Deflate(out, src, dict []byte, window int) []byte {
	e := encoders.Get().(*encoder)
	e.out, e.w, e.bits, e.n = out, len(out), 0, 0
	at := 0
	if len(dict) > 0 && len(src) <= maxBehind {
		e.behind = append(append(e.behind[:0], dict...), src...)
		src, at = e.behind, len(dict)
		e.learn(dict)
	}
	for at < len(src) {
		from := at
		at = e.match(src, from, window)
		e.block(src[from:at])
	}
	e.room(margin)
	e.write(stored<<1, 3)
	e.pad()
	out = e.out[:e.w]
	e.forget(len(src))
	e.out = nil
	encoders.Put(e)
	return out
}

// room sees to space for so many bytes.
func (e *encoder) room(n int) {
	e.out = slices.Grow(e.out[:e.w], n+margin)
	e.out = e.out[:cap(e.out)]
}

// write takes n bits, at most 48.
func (e *encoder) write(bits uint64, n uint) {
	e.bits |= bits << e.n
	if e.n += n; e.n >= 16 {
		e.flush()
	}
}

// flush writes all whole bytes.
func (e *encoder) flush() {
	binary.LittleEndian.PutUint64(e.out[e.w:], e.bits)
	e.w += int(e.n >> 3)
	e.bits >>= e.n &^ 7
	e.n &= 7
}

// pad goes on at the next byte.
func (e *encoder) pad() {
	e.n += 7
	e.flush()
	e.bits, e.n = 0, 0
}

// So many tokens are too few to pay for codes of their own, and enough to do so always.
const (
	fewTokens  = 40
	manyTokens = 500
)

// block writes the tokens, which stand for src, in the shortest way.
func (e *encoder) block(src []byte) {
	e.literals[endBlock] = 1
	kind, codes, size := uint64(fixed), &fixedCodes, 0
	if e.matcher.n <= manyTokens {
		size = e.fixedSize()
	}
	if e.matcher.n > fewTokens {
		e.prepare(e.literals[:], e.dists[:])
		if n := e.preamble.size + e.extra; size == 0 || n < size {
			kind, codes, size = dynamic, &e.codes, n
		}
	}
	if n := 8 * (len(src) + 5); n < size && len(src) < 1<<16 {
		kind, size = stored, n
	}
	e.room(size/8 + margin)
	e.write(kind<<1, 3)
	switch kind {
	case stored:
		e.stored(src)
		return
	case dynamic:
		e.writePreamble()
	}
	codes.assign()
	e.writeTokens(codes)
}

// fixedSize is how many bits the tokens take with fixed codes.
func (e *encoder) fixedSize() int {
	size := e.extra
	for symbol, n := range e.literals {
		size += int(n) * int(fixedCodes.literalLengths[symbol])
	}
	for _, n := range e.dists {
		size += int(n) * 5
	}
	return size
}

// stored writes a block that is not compressed.
func (e *encoder) stored(src []byte) {
	e.pad()
	e.out = binary.LittleEndian.AppendUint16(e.out[:e.w], uint16(len(src)))
	e.out = binary.LittleEndian.AppendUint16(e.out, ^uint16(len(src)))
	e.out = append(e.out, src...)
	e.w = len(e.out)
	e.out = e.out[:cap(e.out)]
}

// writeTokens writes a block's content and its end. Its variables are the encoder's fields.
func (e *encoder) writeTokens(c *codes) {
	out, w, bits, n := e.out, e.w, e.bits, e.n
	for _, t := range e.tokens[:e.matcher.n] {
		if t&isMatch == 0 {
			code := c.literals[t&0xff]
			bits |= code.bits() << (n & 63)
			n += code.size()
		} else {
			symbol := lengthSymbol[t.length()]
			code := c.literals[endBlock+1+int(symbol)]
			bits |= code.bits() << (n & 63)
			n += code.size()
			bits |= uint64(t.length()+minMatch-int(lengthBase[symbol])) << (n & 63)
			n += uint(lengthExtra[symbol])

			symbol = distSymbol(t.dist())
			code = c.dists[symbol]
			bits |= code.bits() << (n & 63)
			n += code.size()
			bits |= uint64(t.dist()+1-int(distBase[symbol])) << (n & 63)
			n += uint(distExtra[symbol])
		}
		if n >= 16 {
			binary.LittleEndian.PutUint64(out[w:], bits)
			w += int(n >> 3)
			bits >>= n & 56
			n &= 7
		}
	}
	e.w, e.bits, e.n = w, bits, n
	e.write(c.literals[endBlock].bits(), c.literals[endBlock].size())
}
