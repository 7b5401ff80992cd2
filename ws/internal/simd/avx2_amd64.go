//go:build !purego

package simd

import "golang.org/x/sys/cpu"

var useAVX2 = cpu.X86.HasAVX2

const (
	// shortestText is what validByTables takes at least: the last 32 bytes are looked at with the 32 before.
	shortestText = 64
	// shortestMasked is from where on maskAVX2 is faster.
	shortestMasked = 128
	maskBlock      = 128
)

func validAVX2(b []byte) bool { return validByTables(b, &tables) }

// validByTables is utf8.Valid for 64 bytes or more.
//
// It looks at each byte together with the one before it. What is wrong about a pair is decided by three
// half bytes, both of the first and the high one of the second: each is looked up in a table of sixteen
// sets of rules, and a rule that is in all three sets is broken. One lookup takes 32 bytes. What is left
// to check is that third and fourth bytes stand where a lead byte has announced them, and only there. The
// idea is Keiser's and Lemire's: "Validating UTF-8 In Less Than One Instruction Per Byte" (2021).
//
//go:noescape
func validByTables(b []byte, t *lookups) bool

// maskAVX2 applies a key to a multiple of maskBlock bytes.
//
//go:noescape
func maskAVX2(key uint32, b []byte)

// nibbles is a set of half bytes: bit n stands for n.
type nibbles uint16

// span is the half bytes from one to another.
func span(from, to int) nibbles { return 1<<(to+1) - 1<<from }

// rules are the pairs of bytes that no text has. Rule i is bit i in the tables. The last one is broken
// by third and fourth bytes too, and so holds only where none is due.
var rules = [8]struct{ high, low, next nibbles }{
	{span(0xC, 0xF), span(0, 0xF), span(0, 7) | span(0xC, 0xF)}, // a lead byte, and no continuation
	{span(0, 7), span(0, 0xF), span(8, 0xB)},                    // ASCII, and a continuation
	{span(0xC, 0xC), span(0, 1), span(8, 0xB)},                  // C0, C1: would have fitted in one byte
	{span(0xE, 0xE), span(0, 0), span(8, 9)},                    // E0 80–9F: in two
	{span(0xF, 0xF), span(0, 0) | span(5, 0xF), span(8, 8)},     // F0 80–8F: in three; F5–FF 80–8F: above U+10FFFF
	{span(0xF, 0xF), span(4, 0xF), span(9, 0xB)},                // F4–FF 90–BF: above U+10FFFF
	{span(0xE, 0xE), span(0xD, 0xD), span(0xA, 0xB)},            // ED A0–BF: half of a surrogate pair
	{span(8, 0xB), span(0, 0xF), span(8, 0xB)},                  // two continuations
}

// lookups are rules as validByTables looks them up: by the first byte's halves and the second's high one.
type lookups struct {
	high, low, next [16]byte
	// last is the largest byte that may stand at each of the last 32 places of a whole text: whatever is
	// above it announces more bytes than there are.
	last [32]byte
}

var tables = func() (t lookups) {
	for i, r := range rules {
		for n := range 16 {
			t.high[n] |= byte(r.high>>n&1) << i
			t.low[n] |= byte(r.low>>n&1) << i
			t.next[n] |= byte(r.next>>n&1) << i
		}
	}
	for i := range t.last {
		t.last[i] = 0xFF
	}
	t.last[29], t.last[30], t.last[31] = 0xF0-1, 0xE0-1, 0xC0-1
	return t
}()
