package ws

import (
	"crypto/rand"
	"encoding/binary"
)

// newKey returns a masking key from the system's source of randomness.
func newKey() uint32 {
	var b [4]byte
	_, _ = rand.Read(b[:]) // never fails: it ends the program instead
	return binary.LittleEndian.Uint32(b[:])
}
