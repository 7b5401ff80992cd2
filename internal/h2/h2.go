// Package h2 lets an http.Server take WebSockets over HTTP/2 (RFC 8441). net/http can do so too, but only
// for all servers of a process at once, as its environment said at the start; golang.org/x/net/http2, which
// is the same code, does it here for one server and not for another.
//
// Enter by [ExtendConnect]. It has no limits and timeouts of its own: those of http.Server and its HTTP2
// field hold.
package h2

import (
	"net/http"

	"golang.org/x/net/http2"

	"github.com/vechehq/veche/internal/h2/xconnect"
)

func init() { xconnect.Restore() }

// ExtendConnect has s advertise SETTINGS_ENABLE_CONNECT_PROTOCOL and hand extended CONNECT requests to its
// handler, with ":protocol" among the headers. It must be called before s serves. It completes s.TLSConfig.
func ExtendConnect(s *http.Server) error {
	//lint:ignore SA1019 what it names instead, net/http's own, has the setting for a whole process only
	return http2.ConfigureServer(s, nil)
}
