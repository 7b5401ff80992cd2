package flate

// codes are those of a block.
type codes struct {
	literalLengths [maxLiteral]uint8
	distLengths    [maxDist]uint8
	literals       [maxLiteral]code
	dists          [maxDist]code
	assigned       bool
}

// assign makes the codes of the lengths.
func (c *codes) assign() {
	if !c.assigned {
		assign(c.literals[:], c.literalLengths[:])
		assign(c.dists[:], c.distLengths[:])
		c.assigned = true
	}
}

// fixedCodes are those of fixed blocks.
var fixedCodes codes

func init() {
	lengths, distLengths := fixedLengths()
	var literals [len(lengths)]code // some of which never occur
	var dists [len(distLengths)]code
	assign(literals[:], lengths[:])
	assign(dists[:], distLengths[:])
	copy(fixedCodes.literals[:], literals[:])
	copy(fixedCodes.dists[:], dists[:])
	copy(fixedCodes.literalLengths[:], lengths[:])
	copy(fixedCodes.distLengths[:], distLengths[:])
	fixedCodes.assigned = true
}

// preamble is how a block with codes of its own begins, with the lengths of them: RFC 1951, section
// 3.2.7.
type preamble struct {
	huffman
	codes codes
	size  int // of the preamble and the codes behind it, bits

	numLiterals, numDists, numOrder int
	repeats                         [maxLiteral + maxDist]repeat // all the lengths
	numRepeats                      int
	orderLengths                    [maxOrder]uint8
	orderCodes                      [maxOrder]code
}

// repeat is a length, or one of the symbols that say a length again, with its extra bits.
type repeat struct {
	symbol, extra uint8
}

// repeatBits is how many extra bits the symbols from 16 on have.
var repeatBits = [maxOrder]uint8{16: 2, 3, 7}

// prepare makes codes for symbols of these frequencies.
func (p *preamble) prepare(literals, dists []uint16) {
	p.codes.assigned = false
	var size [3]int
	p.numLiterals, size[0] = p.lengths(literals, longest, p.codes.literalLengths[:])
	p.numDists, size[1] = p.lengths(dists, longest, p.codes.distLengths[:])

	var all [maxLiteral + maxDist]uint8
	n := copy(all[:], p.codes.literalLengths[:p.numLiterals])
	n += copy(all[n:], p.codes.distLengths[:p.numDists])
	frequencies := p.repeat(all[:n])
	_, size[2] = p.lengths(frequencies[:], orderBits, p.orderLengths[:])
	for p.numOrder = maxOrder; p.numOrder > 4 && p.orderLengths[order[p.numOrder-1]] == 0; {
		p.numOrder--
	}
	p.size = 5 + 5 + 4 + 3*p.numOrder + size[0] + size[1] + size[2]
	for i, n := range frequencies[16:] {
		p.size += int(n) * int(repeatBits[16+i])
	}
}

// repeat says lengths with what repeats them, and counts the symbols.
func (p *preamble) repeat(lengths []uint8) (frequencies [maxOrder]uint16) {
	p.numRepeats = 0
	put := func(symbol, extra uint8) {
		p.repeats[p.numRepeats] = repeat{symbol, extra}
		p.numRepeats++
		frequencies[symbol]++
	}
	for len(lengths) > 0 {
		length, run := lengths[0], 1
		for run < len(lengths) && lengths[run] == length {
			run++
		}
		lengths = lengths[run:]
		if length != 0 {
			put(length, 0)
			run--
		}
		for run > 0 {
			n := 1
			switch {
			case length == 0 && run >= 11:
				n = min(run, 138)
				put(18, uint8(n-11))
			case length == 0 && run >= 3:
				n = run
				put(17, uint8(n-3))
			case run >= 3:
				n = min(run, 6)
				put(16, uint8(n-3))
			default:
				put(length, 0)
			}
			run -= n
		}
	}
	return frequencies
}

// writePreamble writes what follows the block's kind.
func (e *encoder) writePreamble() {
	p := &e.preamble
	e.write(uint64(p.numLiterals-257), 5)
	e.write(uint64(p.numDists-1), 5)
	e.write(uint64(p.numOrder-4), 4)
	for _, symbol := range order[:p.numOrder] {
		e.write(uint64(p.orderLengths[symbol]), 3)
	}
	assign(p.orderCodes[:], p.orderLengths[:])
	for _, r := range p.repeats[:p.numRepeats] {
		c := p.orderCodes[r.symbol]
		e.write(c.bits()|uint64(r.extra)<<c.size(), c.size()+uint(repeatBits[r.symbol]))
	}
}
