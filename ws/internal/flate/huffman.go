package flate

import (
	"math/bits"
	"slices"
)

// A code is a symbol's: its bits, the first one lowest, above its length in 4 bits.
type code uint32

func (c code) size() uint { return uint(c & 15) }

func (c code) bits() uint64 { return uint64(c >> 4) }

// huffman makes codes of least total length. The zero value is ready, and may be used again.
type huffman struct {
	leaves [maxLiteral]uint32 // frequency<<9 | symbol, of those that occur, seldom ones first
	tree   [maxLiteral]uint32
}

const symbolBits = 9

// lengths gives each symbol that occurs the length of its code, at most limit, and returns how many
// symbols there are up to the last of them and how many bits all that occur take. A set of one code gets a second one, so that none is
// incomplete: not all decoders take that.
func (h *huffman) lengths(frequencies []uint16, limit int, lengths []uint8) (n, size int) {
	clear(lengths)
	leaves := h.sorted(frequencies)
	if len(leaves) < 2 {
		only := 0
		if len(leaves) == 1 {
			only = int(leaves[0] & (1<<symbolBits - 1))
		}
		lengths[only] = 1
		lengths[max(1-only, 0)] = 1
		return max(2, only+1), int(frequencies[only])
	}
	for h.depths(leaves) > limit {
		for i, l := range leaves { // seldom symbols are taken to be less seldom, which makes the tree flatter
			leaves[i] = (l>>symbolBits+1)/2<<symbolBits | l&(1<<symbolBits-1)
		}
	}
	for i, l := range leaves {
		symbol := int(l & (1<<symbolBits - 1))
		lengths[symbol] = uint8(h.tree[i])
		n = max(n, symbol+1)
		size += int(h.tree[i]) * int(frequencies[symbol])
	}
	return n, size
}

// sorted returns the symbols that occur, by frequency. Most occur a few times: those are counted into
// their places.
func (h *huffman) sorted(frequencies []uint16) []uint32 {
	const few = 64
	var next [few + 1]uint16
	used := 0
	for symbol, f := range frequencies {
		if f != 0 {
			h.tree[used] = uint32(f)<<symbolBits | uint32(symbol)
			used++
			next[min(f, few)]++
		}
	}
	at := uint16(0)
	for i, n := range next {
		next[i] = at
		at += n
	}
	for _, l := range h.tree[:used] {
		f := min(l>>symbolBits, few)
		h.leaves[next[f]] = l
		next[f]++
	}
	slices.Sort(h.leaves[next[few-1]:used])
	return h.leaves[:used]
}

// depths sets tree[i] to how deep leaves[i] is in a Huffman tree, and returns the greatest depth. It
// makes the tree in its own memory: Moffat and Katajainen, In-Place Calculation of Minimum-Redundancy
// Codes, 1995.
func (h *huffman) depths(leaves []uint32) int {
	n := len(leaves)
	t := h.tree[:n]
	// t[i] becomes the weight of the i-th inner node, and when that has a parent, the parent.
	leaf, root := 0, 0
	take := func(next int) uint32 {
		if leaf >= n || root < next && t[root] < leaves[leaf]>>symbolBits {
			w := t[root]
			t[root] = uint32(next)
			root++
			return w
		}
		leaf++
		return leaves[leaf-1] >> symbolBits
	}
	for next := range n - 1 {
		t[next] = take(next)
		t[next] += take(next)
	}
	// From the root down: t[i] becomes the depth of the i-th inner node.
	t[n-2] = 0
	for i := n - 3; i >= 0; i-- {
		t[i] = t[t[i]] + 1
	}
	// At each depth what is no inner node is a leaf, the seldom ones at the end.
	deepest := 0
	at, inner := n-1, n-2
	for depth, places := 0, 1; places > 0; depth++ {
		nodes := 0
		for inner >= 0 && int(t[inner]) == depth {
			nodes++
			inner--
		}
		for range places - nodes {
			t[at] = uint32(depth)
			at--
			deepest = depth
		}
		places = 2 * nodes
	}
	return deepest
}

// assign makes the codes of the given lengths: RFC 1951, section 3.2.2.
func assign(codes []code, lengths []uint8) {
	var count, next [longest + 1]uint16
	for _, n := range lengths {
		if n != 0 {
			count[n&longest]++
		}
	}
	for n := 1; n <= longest; n++ {
		next[n] = (next[n-1] + count[n-1]) << 1
	}
	for symbol, n := range lengths {
		if n != 0 {
			codes[symbol] = code(bits.Reverse16(next[n&longest])>>(16-n))<<4 | code(n)
			next[n&longest]++
		}
	}
}
