package flate

import (
	"encoding/binary"
	"math/bits"
)

// entry is what the next bits of a stream mean. Its fields, from the lowest bit:
//
//	0–3   how many bits the code takes, 0 if there is no such code
//	4–7   how many extra bits follow it
//	8–10  its kind
//	16–31 the literal, the base of a length or distance, or where a table of longer codes begins
type entry uint32

const (
	isLiteral entry = 1 << 8
	isEnd     entry = 1 << 9  // of the block, or a symbol that means nothing
	isLink    entry = 1 << 10 // the code is longer: the extra bits choose from another table
)

func (e entry) size() uint  { return uint(e & 15) }
func (e entry) extra() uint { return uint(e >> 4 & 15) }
func (e entry) value() int  { return int(e >> 16) }

const (
	literalBits = 9 // codes up to here are found at once
	distBits    = 7
	orderBits   = 7
	longest     = 15
)

// Tables are as large as the worst set of codes makes them: those found at once, and at most one
// entry for each longer code and its unused neighbours.
type (
	literalTable [1<<literalBits + 1024]entry
	distTable    [1<<distBits + 1024]entry
	orderTable   [1 << orderBits]entry
)

// Symbols as entries that lack the size.
var (
	literalEntries [288]entry
	distEntries    [32]entry
	orderEntries   [maxOrder]entry

	fixedLiterals literalTable
	fixedDists    distTable
)

func init() {
	for i := range literalEntries {
		switch {
		case i < endBlock:
			literalEntries[i] = isLiteral | entry(i)<<16
		case i == endBlock || i >= maxLiteral:
			literalEntries[i] = isEnd | entry(i)<<16
		default:
			literalEntries[i] = entry(lengthExtra[i-endBlock-1])<<4 | entry(lengthBase[i-endBlock-1])<<16
		}
	}
	for i := range distEntries {
		distEntries[i] = isEnd
		if i < maxDist {
			distEntries[i] = entry(distExtra[i])<<4 | entry(distBase[i])<<16
		}
	}
	for i := range orderEntries {
		orderEntries[i] = entry(i) << 16
	}
	literals, dists := fixedLengths()
	fillTable(fixedLiterals[:], literalBits, literals[:], literalEntries[:])
	fillTable(fixedDists[:], distBits, dists[:], distEntries[:])
}

// fillTable makes the table of codes whose lengths are given by symbol: RFC 1951, section 3.2.2. It
// reports false if they are no set of codes. One code alone may leave the other half of its bit unused,
// and there may be no code at all.
func fillTable(table []entry, primary uint, lengths []uint8, symbols []entry) bool {
	var count, next [longest + 1]int
	var present [288 + 8]uint16 // the symbols that have a code
	used := 0
	for at := 0; at < len(lengths); at += 8 {
		if at+8 <= len(lengths) && binary.LittleEndian.Uint64(lengths[at:]) == 0 {
			continue // most symbols have none
		}
		for symbol := at; symbol < min(at+8, len(lengths)); symbol++ {
			if n := lengths[symbol] & longest; n != 0 {
				present[used] = uint16(symbol)
				used++
				count[n]++
			}
		}
	}
	space := 1 // codes that shorter ones have left
	for n := 1; n <= longest; n++ {
		if space = space<<1 - count[n]; space < 0 {
			return false
		}
		next[n] = next[n-1] + count[n-1]
	}
	if space > 0 {
		if used > 1 || used != count[1] {
			return false
		}
		clear(table[:1<<primary])
	}
	var sorted [288]uint16 // by length, as their codes count
	for _, symbol := range present[:used] {
		n := lengths[symbol] & longest
		sorted[next[n]] = symbol
		next[n]++
	}
	code, rest := uint16(0), sorted[:used]
	for n := uint(1); n <= primary; n++ {
		code <<= 1
		for range count[n] {
			table[bits.Reverse16(code)>>(16-n)] = symbols[rest[0]] | entry(n)
			code, rest = code+1, rest[1:]
		}
		if n < primary {
			copy(table[1<<n:2<<n], table[:1<<n]) // one bit more, whatever it is
		}
	}
	fillLonger(table, primary, code, rest, lengths, symbols, &count)
	return true
}

// fillLonger makes the tables of codes longer than primary bits, in their order, the last shorter one
// being code-1. One table is for those that begin with the same primary bits, and as large as the
// longest of them needs.
func fillLonger(table []entry, primary uint, code uint16, rest []uint16, lengths []uint8, symbols []entry, left *[longest + 1]int) {
	free := 1 << primary // where the next table begins
	var longer []entry   // the last one, for codes that begin with prefix
	prefix, last := -1, primary
	for _, symbol := range rest {
		n := uint(lengths[symbol])
		code <<= n - last
		last = n
		at := int(bits.Reverse16(code) >> (16 - n))
		if p := at & (1<<primary - 1); p != prefix {
			prefix = p
			more := n - primary
			for room := 1<<more - left[n]; room > 0 && primary+more < longest; {
				more++
				room = room<<1 - left[primary+more]
			}
			table[prefix] = isLink | entry(free)<<16 | entry(more)<<4 | entry(primary)
			longer = table[free : free+1<<more]
			free += 1 << more
		}
		for at >>= primary; at < len(longer); at += 1 << (n - primary) {
			longer[at] = symbols[symbol] | entry(n-primary)
		}
		left[n]--
		code++
	}
}
