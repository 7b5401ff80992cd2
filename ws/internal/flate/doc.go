// Package flate is DEFLATE (RFC 1951) as permessage-deflate needs it: whole messages in memory, behind
// what came before them, with no state between calls. [Deflate] and [Inflate] are all of it.
//
// It does not stream, has one level, and knows nothing of frames and agreements.
package flate

// What both directions have in common: RFC 1951, section 3.2.

const (
	endBlock   = 256 // the symbol that ends a block
	maxLiteral = 286 // literals, endBlock and lengths
	maxDist    = 30
	maxOrder   = 19 // code lengths, and how they repeat
	maxMatch   = 258
	tailSize   = 4 // of what ends a message and is not sent: RFC 7692, section 7.2.1
	// MaxWindow is how far back a match may reach, bytes.
	MaxWindow = 32 << 10
)

// Kinds of blocks.
const (
	stored  = 0
	fixed   = 1
	dynamic = 2
)

// The bytes of each length and distance symbol begin at base, and extra bits are added.
var (
	lengthBase = [maxLiteral - endBlock - 1]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
		163, 195, 227, 258}
	lengthExtra = [maxLiteral - endBlock - 1]uint8{8: 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distBase    = [maxDist]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
		8193, 12289, 16385, 24577}
	distExtra = [maxDist]uint8{4: 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// order is in which the lengths of the codes for code lengths come.
var order = [maxOrder]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

// fixedLengths are those of the codes of fixed blocks.
func fixedLengths() (literals [288]uint8, distances [32]uint8) {
	for i := range literals {
		switch {
		case i < 144, i >= 280:
			literals[i] = 8
		case i < 256:
			literals[i] = 9
		default:
			literals[i] = 7
		}
	}
	for i := range distances {
		distances[i] = 5
	}
	return literals, distances
}
