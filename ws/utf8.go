package ws

import (
	"unicode/utf8"

	"github.com/vechehq/veche/ws/internal/simd"
)

// utf8Checker checks a text that comes in pieces cut anywhere, and sees an error with the first
// byte that makes it one.
type utf8Checker struct {
	tail [utf8.UTFMax]byte // the unfinished rune at the end of what was checked
	n    int               // its length, 0 ≤ n < utf8.UTFMax
}

// check takes the next piece and reports whether the text can still become valid.
func (u *utf8Checker) check(b []byte) bool {
	for u.n > 0 && len(b) > 0 {
		u.tail[u.n] = b[0]
		u.n++
		b = b[1:]
		if utf8.FullRune(u.tail[:u.n]) {
			if !utf8.Valid(u.tail[:u.n]) {
				return false
			}
			u.n = 0
		}
	}
	if cut := lastRune(b); !utf8.FullRune(b[cut:]) {
		u.n += copy(u.tail[u.n:], b[cut:])
		b = b[:cut]
	}
	return simd.ValidUTF8(b)
}

// whole reports whether the text ends with a whole rune.
func (u *utf8Checker) whole() bool { return u.n == 0 }

// lastRune returns where the last rune of b begins, as far as its last UTFMax bytes show one.
func lastRune(b []byte) int {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			return i
		}
	}
	return len(b)
}
