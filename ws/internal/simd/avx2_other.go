//go:build !amd64 || purego

package simd

// Without vector instructions none of these is called.
const (
	useAVX2        = false
	shortestText   = 0
	shortestMasked = 0
	maskBlock      = 1
)

func validAVX2([]byte) bool { return false }

func maskAVX2(uint32, []byte) {}
