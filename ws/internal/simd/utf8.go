package simd

import "unicode/utf8"

// ValidUTF8 is utf8.Valid.
func ValidUTF8(b []byte) bool {
	if useAVX2 && len(b) >= shortestText {
		return validAVX2(b)
	}
	return utf8.Valid(b)
}
