package simd

import (
	"encoding/binary"
	"math/bits"
)

// Mask applies a masking key to b in place: RFC 6455, section 5.3. It returns the key turned so that it
// fits the bytes after b. The key is little-endian, its first byte lowest.
func Mask(key uint32, b []byte) uint32 {
	if useAVX2 && len(b) >= shortestMasked {
		n := len(b) &^ (maskBlock - 1)
		maskAVX2(key, b[:n])
		b = b[n:]
	}
	return maskWords(key, b)
}

// maskWords is Mask in Go.
func maskWords(key uint32, b []byte) uint32 {
	if len(b) >= 8 {
		wide := uint64(key)<<32 | uint64(key)
		for len(b) >= 32 {
			v := b[:32:32]
			binary.LittleEndian.PutUint64(v[0:], binary.LittleEndian.Uint64(v[0:])^wide)
			binary.LittleEndian.PutUint64(v[8:], binary.LittleEndian.Uint64(v[8:])^wide)
			binary.LittleEndian.PutUint64(v[16:], binary.LittleEndian.Uint64(v[16:])^wide)
			binary.LittleEndian.PutUint64(v[24:], binary.LittleEndian.Uint64(v[24:])^wide)
			b = b[32:]
		}
		for len(b) >= 8 {
			binary.LittleEndian.PutUint64(b, binary.LittleEndian.Uint64(b)^wide)
			b = b[8:]
		}
	}
	for i := range b {
		b[i] ^= byte(key)
		key = bits.RotateLeft32(key, -8)
	}
	return key
}
