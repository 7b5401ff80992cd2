package autobahn

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Chat makes text that compresses like chat does: up to size bytes of JSON.
func Chat(size int, seed uint64) string {
	r := rand.New(rand.NewPCG(seed, 1))
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, `{"id":%d,"type":"message","room":"general","from":"u%d","body":{"text":"привет, вече %d"}}`, r.IntN(1e6), r.IntN(50), r.IntN(1e4))
	}
	return strings.ToValidUTF8(b.String()[:size], "")
}
