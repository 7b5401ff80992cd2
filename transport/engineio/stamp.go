// Stamps: which requests are one and the same, made again by something between client and server.

package engineio

import (
	"hash/maphash"
	"net/http"
)

// stamp tells a request from others. Clients give each request of a session a parameter t of its own, so that no cache
// answers it; so one with the same t on another connection is the same request: browsers, Go's net/http and proxies
// repeat a GET by themselves when its connection breaks before the answer. A client that leaves t out has no stamp.
type stamp struct{ t, from uint64 }

var stampSeed = maphash.MakeSeed()

func stampOf(r *http.Request) stamp {
	t := r.URL.Query().Get("t")
	if t == "" {
		return stamp{}
	}
	return stamp{maphash.String(stampSeed, t), maphash.String(stampSeed, r.RemoteAddr)}
}

// repeats reports whether s is a repetition of the request that came before it.
func (s stamp) repeats(before stamp) bool {
	return s != stamp{} && s.t == before.t && s.from != before.from
}
