package flate

import (
	"encoding/binary"
	"math/bits"
)

// token is a literal, which is its byte, or a match: isMatch, the length above distLog bits less
// minMatch, and the distance less one.
type token uint32

const (
	isMatch  token = 1 << 31
	distLog        = 15
	minMatch       = 3
)

func match(length, dist int) token {
	return isMatch | token(length-minMatch)<<distLog | token(dist-1)
}

func (t token) length() int { return int(t>>distLog) & 0xff } // less minMatch

func (t token) dist() int { return int(t) & (MaxWindow - 1) } // less one

const (
	hashed    = 4 // bytes by which a match is found
	hashLog   = 12
	maxTokens = 16 << 10 // of a block
	skipLog   = 5        // the longer nothing was found, the fewer places are looked at
	margin    = 8        // bytes that are looked at together
)

// matcher finds what is said again. It remembers where four bytes were last seen, by position: how
// many bytes it was given before, so that nothing is cleared between messages.
type matcher struct {
	seen [1 << hashLog]uint32
	base uint32 // the position of the first byte of this message's memory

	tokens   [maxTokens]token
	n        int                // of tokens
	literals [maxLiteral]uint16 // how often each symbol occurs in them
	dists    [maxDist]uint16
	extra    int // bits, all matches together
}

func hash(four uint32) uint32 { return four * 0x9E3779B1 >> (32 - hashLog) }

// forget is told how many bytes the last message had.
func (m *matcher) forget(size int) {
	m.base += uint32(size)
	if m.base > 1<<31 {
		clear(m.seen[:])
		m.base = 0
	}
}

// learn looks at src, which comes before a message.
func (m *matcher) learn(src []byte) {
	for s := 0; s+hashed <= len(src); s += 2 {
		m.seen[hash(binary.LittleEndian.Uint32(src[s:]))] = m.base + uint32(s)
	}
}

// match makes tokens of src from start on, as many as a block takes, and returns where they end. No
// match reaches back more than window bytes.
func (m *matcher) match(src []byte, start, window int) (end int) {
	m.n, m.extra = 0, 0
	clear(m.literals[:])
	clear(m.dists[:])
	s := start // what was looked at
	end = start
	last := len(src) - margin
	for s <= last && m.n+s-end < maxTokens {
		v := binary.LittleEndian.Uint64(src[s:])
		h := hash(uint32(v))
		since := m.seen[h] - m.base // an earlier message's is huge, and to be no negative int of 32 bits
		m.seen[h] = m.base + uint32(s)
		at := int(since)
		if since >= uint32(s) || s-at > window || binary.LittleEndian.Uint32(src[at:]) != uint32(v) {
			s += 1 + (s-end)>>skipLog
			continue
		}
		length := hashed + same(src[s+hashed:min(s+maxMatch, len(src))], src[at+hashed:])
		for s > end && at > 0 && src[s-1] == src[at-1] {
			s, at, length = s-1, at-1, length+1
		}
		length = min(length, maxMatch)
		m.literal(src[end:s])
		m.matched(length, s-at)
		end = s + length
		for s += 2; s < end && s <= last; s += 2 {
			m.seen[hash(binary.LittleEndian.Uint32(src[s:]))] = m.base + uint32(s)
		}
		s = end
	}
	if s > last {
		s = len(src)
	}
	n := min(s-end, maxTokens-m.n)
	m.literal(src[end : end+n])
	return end + n
}

// same counts how many bytes at the beginning are the same; b is not shorter than a.
func same(a, b []byte) (n int) {
	for len(a) >= 8 {
		if x := binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b); x != 0 {
			return n + bits.TrailingZeros64(x)>>3
		}
		a, b, n = a[8:], b[8:], n+8
	}
	for i, c := range a {
		if c != b[i] {
			break
		}
		n++
	}
	return n
}

func (m *matcher) literal(b []byte) {
	tokens := m.tokens[m.n : m.n+len(b)]
	for i, c := range b {
		tokens[i] = token(c)
		m.literals[c]++
	}
	m.n += len(b)
}

func (m *matcher) matched(length, dist int) {
	t := match(length, dist)
	m.tokens[m.n] = t
	m.n++
	l, d := lengthSymbol[t.length()], distSymbol(t.dist())
	m.literals[endBlock+1+int(l)]++
	m.dists[d]++
	m.extra += int(lengthExtra[l] + distExtra[d])
}

// Symbols by length less minMatch, and by distance less one: the near ones, and those beyond by 128.
var (
	lengthSymbol [maxMatch - minMatch + 1]uint8
	nearSymbol   [256]uint8
	farSymbol    [MaxWindow / 128]uint8
)

func init() {
	for symbol, base := range lengthBase {
		for i := int(base) - minMatch; i < len(lengthSymbol); i++ {
			lengthSymbol[i] = uint8(symbol)
		}
	}
	for symbol, base := range distBase {
		for i := int(base) - 1; i < len(nearSymbol); i++ {
			nearSymbol[i] = uint8(symbol)
		}
		for i := (int(base) - 1) >> 7; i < len(farSymbol); i++ {
			farSymbol[i] = uint8(symbol)
		}
	}
}

func distSymbol(dist int) uint8 {
	if dist < len(nearSymbol) {
		return nearSymbol[dist]
	}
	return farSymbol[dist>>7]
}
