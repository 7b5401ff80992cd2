package transport

import (
	"net/http"

	"github.com/vechehq/veche/ws"
)

// OriginAllowed reports whether a request comes from no page at all, from one of the server's own, or from
// one of an origin that the patterns allow (see Options.OriginPatterns): the same for a request of HTTP
// as for a WebSocket. A page whose browser does not say where it is from is not allowed.
func OriginAllowed(r *http.Request, patterns []string) bool {
	if r.Header.Get("Origin") == "" {
		// Fetch Metadata, section 2.4: browsers send it to trustworthy servers, also where they send
		// no Origin.
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "same-origin", "none":
			return true
		}
		return false
	}
	ok, err := ws.OriginAllowed(r, patterns)
	return ok && err == nil
}
