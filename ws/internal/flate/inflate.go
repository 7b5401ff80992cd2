package flate

import (
	"encoding/binary"
	"errors"
	"sync"
)

var (
	// ErrCorrupt says that what was to be inflated is not DEFLATE, or not all of it.
	ErrCorrupt = errors.New("flate: corrupt")
	// ErrTooBig says that it inflates to more than the limit.
	ErrTooBig = errors.New("flate: inflates to more than the limit")
)

// uncounted is how large the output may grow, in bytes, before it is counted how large it will be.
const uncounted = 128 << 10

// decoder inflates one message.
type decoder struct {
	src  []byte
	pos  int    // of the first byte that was not taken into bits
	bits uint64 // the next one is the lowest
	n    int    // how many of them are there; below zero: more were used than there are

	out      []byte // what was inflated, up to w; len(out) ≤ max
	w        int
	dict     []byte // what came before out
	max      int
	counting bool // there is no out; w counts

	final    bool // this block is the last of its stream
	kind     int  // of this block
	literals *literalTable
	dists    *distTable

	lengths     [maxLiteral + maxDist]uint8
	order       orderTable
	ownLiterals literalTable
	ownDists    distTable
}

var decoders = sync.Pool{New: func() any { return new(decoder) }}

// Inflate inflates src behind dict, into the memory of buf or where that is too small into more, and
// returns the result, which is at most max bytes. src is a message with the four bytes at its end that
// are not sent (RFC 7692, section 7.2.2). What follows a final block is another stream over the same
// window (section 7.2.3.4), unless it is just these four.
//
// More than 128 KiB are taken only when it is known how many there will be: a bomb takes no memory.
func Inflate(buf, src, dict []byte, max int) ([]byte, error) {
	d := decoders.Get().(*decoder)
	d.src, d.pos, d.bits, d.n = src, 0, 0, 0
	d.out, d.w, d.dict, d.max = buf[:min(cap(buf), max)], 0, dict, max
	err := d.message()
	out := d.out[:d.w]
	d.release()
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (d *decoder) release() {
	d.src, d.out, d.dict, d.literals, d.dists, d.counting = nil, nil, nil, nil, nil, false
	decoders.Put(d)
}

// message inflates from the beginning of a block to the end of src.
func (d *decoder) message() error {
	for {
		d.final = d.take(1) != 0
		d.kind = d.take(2)
		if err := d.block(); err != nil {
			return err
		}
		if d.ended() {
			return nil
		}
	}
}

// ended reports, behind a block, whether it was the last.
func (d *decoder) ended() bool {
	if !d.final {
		return d.n == 0 && d.pos == len(d.src)
	}
	d.align()
	left := len(d.src) - d.pos
	return left == 0 || left == tailSize
}

func (d *decoder) block() error {
	switch d.kind {
	case stored:
		return d.stored()
	case fixed:
		d.literals, d.dists = &fixedLiterals, &fixedDists
	case dynamic:
		if err := d.tables(); err != nil {
			return err
		}
	default:
		return ErrCorrupt
	}
	if d.counting {
		return d.countCodes()
	}
	return d.inflateCodes()
}

// fill sees to at least 48 bits, if there are so many.
func (d *decoder) fill() {
	if d.pos+8 <= len(d.src) {
		d.bits |= binary.LittleEndian.Uint64(d.src[d.pos:]) << (d.n & 63)
		d.pos += (63 - d.n) >> 3
		d.n |= 56
		return
	}
	for d.n <= 56 && d.pos < len(d.src) {
		d.bits |= uint64(d.src[d.pos]) << (d.n & 63)
		d.pos++
		d.n += 8
	}
}

// take uses n bits, at most 16. Beyond the end there are zeros; cut tells.
func (d *decoder) take(n int) int {
	if d.n < 16 {
		d.fill()
	}
	v := int(d.bits & (1<<n - 1))
	d.bits >>= n
	d.n -= n
	return v
}

func (d *decoder) cut() bool { return d.n < 0 }

// align goes on at the next byte and gives back those that were taken.
func (d *decoder) align() {
	d.pos -= d.n >> 3
	d.bits, d.n = 0, 0
}

// stored takes a block that is not compressed: RFC 1951, section 3.2.4.
func (d *decoder) stored() error {
	if d.cut() {
		return ErrCorrupt
	}
	d.align()
	if len(d.src)-d.pos < 4 {
		return ErrCorrupt
	}
	n := int(binary.LittleEndian.Uint16(d.src[d.pos:]))
	if n != int(^binary.LittleEndian.Uint16(d.src[d.pos+2:])) || len(d.src)-d.pos-4 < n {
		return ErrCorrupt
	}
	data := d.src[d.pos+4:][:n]
	d.pos += 4 + n
	if err := d.need(n); err != nil {
		return err
	}
	if !d.counting {
		copy(d.out[d.w:], data)
	}
	d.w += n
	return nil
}

// tables reads the codes of a block: RFC 1951, section 3.2.7.
func (d *decoder) tables() error {
	literals, dists := 257+d.take(5), 1+d.take(5)
	used := 4 + d.take(4)
	if literals > maxLiteral || dists > maxDist {
		return ErrCorrupt
	}
	var lengths [maxOrder]uint8
	for _, symbol := range order[:used] {
		lengths[symbol] = uint8(d.take(3))
	}
	if d.cut() || !fillTable(d.order[:], orderBits, lengths[:], orderEntries[:]) {
		return ErrCorrupt
	}
	all := d.lengths[:literals+dists]
	if !d.codeLengths(all) ||
		!fillTable(d.ownLiterals[:], literalBits, all[:literals], literalEntries[:]) ||
		!fillTable(d.ownDists[:], distBits, all[literals:], distEntries[:]) {
		return ErrCorrupt
	}
	d.literals, d.dists = &d.ownLiterals, &d.ownDists
	return nil
}

// codeLengths reads the lengths of all codes of a block.
func (d *decoder) codeLengths(all []uint8) bool {
	for i := 0; i < len(all); {
		if d.n < orderBits {
			d.fill()
		}
		e := d.order[d.bits&(1<<orderBits-1)]
		d.bits >>= e.size()
		d.n -= int(e.size())
		symbol := e.value()
		if e == 0 || d.cut() {
			return false
		}
		if symbol < 16 {
			all[i] = uint8(symbol)
			i++
			continue
		}
		var again uint8
		var times int
		switch symbol {
		case 16:
			if i == 0 {
				return false
			}
			again, times = all[i-1], 3+d.take(2)
		case 17:
			times = 3 + d.take(3)
		case 18:
			times = 11 + d.take(7)
		}
		if times > len(all)-i {
			return false
		}
		for range times {
			all[i] = again
			i++
		}
	}
	return !d.cut()
}

// inflateCodes is codes for when there is an output. Its variables are the decoder's fields.
func (d *decoder) inflateCodes() error {
	literals, dists, src, out := d.literals, d.dists, d.src, d.out
	bits, n, pos, w := d.bits, d.n, d.pos, d.w
	for {
		if n < 48 {
			if pos+8 <= len(src) {
				bits |= binary.LittleEndian.Uint64(src[pos:]) << (n & 63)
				pos += (63 - n) >> 3
				n |= 56
			} else {
				d.bits, d.n, d.pos = bits, n, pos
				if d.cut() {
					return ErrCorrupt
				}
				d.fill()
				bits, n, pos = d.bits, d.n, d.pos
			}
		}
		e := literals[bits&(1<<literalBits-1)]
		if e&isLink != 0 {
			bits >>= literalBits
			n -= literalBits
			e = literals[e.value()+int(bits&(1<<e.extra()-1))]
		}
		bits >>= e.size()
		n -= int(e.size())
		if e&isLiteral != 0 {
			if w == len(out) {
				d.bits, d.n, d.pos, d.w = bits, n, pos, w
				if err := d.need(1); err != nil {
					return err
				}
				out = d.out
			}
			out[w] = byte(e >> 16)
			w++
			continue
		}
		if e&isEnd != 0 || e == 0 {
			d.bits, d.n, d.pos, d.w = bits, n, pos, w
			if e.value() != endBlock || n < 0 {
				return ErrCorrupt
			}
			return nil
		}
		length := e.value() + int(bits&(1<<e.extra()-1))
		bits >>= e.extra()
		n -= int(e.extra())

		e = dists[bits&(1<<distBits-1)]
		if e&isLink != 0 {
			bits >>= distBits
			n -= distBits
			e = dists[e.value()+int(bits&(1<<e.extra()-1))]
		}
		bits >>= e.size()
		dist := e.value() + int(bits&(1<<e.extra()-1))
		bits >>= e.extra()
		n -= int(e.size() + e.extra())
		if e&isEnd != 0 || e == 0 || n < 0 {
			return ErrCorrupt
		}

		end := w + length
		if end > len(out) {
			d.bits, d.n, d.pos, d.w = bits, n, pos, w
			if err := d.need(length); err != nil {
				return err
			}
			out = d.out
		}
		if dist >= 8 && dist <= w && end+8 <= len(out) {
			for from := w - dist; w < end; from += 8 { // the last may go beyond, to where nothing is yet
				binary.LittleEndian.PutUint64(out[w:], binary.LittleEndian.Uint64(out[from:]))
				w += 8
			}
			w = end
			continue
		}
		if before := dist - w; before > 0 {
			if before > len(d.dict) {
				return ErrCorrupt
			}
			w += copy(out[w:end], d.dict[len(d.dict)-before:])
		}
		for from := w - dist; w < end; { // what was copied doubles what there is to copy
			w += copy(out[w:end], out[from:w])
		}
	}
}

// need sees to room for n bytes more.
func (d *decoder) need(n int) error {
	all := d.w + n
	switch {
	case all > d.max:
		return ErrTooBig
	case d.counting || all <= len(d.out):
		return nil
	}
	size := min(max(all, 2*len(d.out)), d.max)
	if size > uncounted {
		var err error
		if size, err = d.count(all); err != nil {
			return err
		}
	}
	out := make([]byte, size)
	copy(out, d.out[:d.w])
	d.out = out
	return nil
}

// count returns how large the output will be, if it is now as large as given and this block has been
// inflated so far. Another decoder runs ahead for it.
func (d *decoder) count(now int) (int, error) {
	ahead := decoders.Get().(*decoder)
	*ahead = *d
	defer ahead.release()
	ahead.counting, ahead.w = true, now
	if d.kind != stored {
		if err := ahead.countCodes(); err != nil {
			return 0, err
		}
	}
	if ahead.ended() {
		return ahead.w, nil
	}
	err := ahead.message()
	return ahead.w, err
}

// countCodes is inflateCodes without an output.
func (d *decoder) countCodes() error {
	for {
		e := d.symbol(d.literals[:], literalBits)
		length := 1
		switch {
		case e == 0 || d.cut():
			return ErrCorrupt
		case e&isEnd != 0:
			if e.value() != endBlock {
				return ErrCorrupt
			}
			return nil
		case e&isLiteral == 0:
			length = e.value() + d.take(int(e.extra()))
			e = d.symbol(d.dists[:], distBits)
			d.take(int(e.extra()))
		}
		if err := d.need(length); err != nil {
			return err
		}
		d.w += length
	}
}

// symbol uses the bits of a code.
func (d *decoder) symbol(table []entry, primary uint) entry {
	if d.n < longest {
		d.fill()
	}
	e := table[d.bits&(1<<primary-1)]
	if e&isLink != 0 {
		d.take(int(primary))
		e = table[e.value()+int(d.bits&(1<<e.extra()-1))]
	}
	d.bits >>= e.size()
	d.n -= int(e.size())
	return e
}
