package e2e

import (
	"regexp"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// TestWebSocketOverHTTP2 has Chromium over TLS open a WebSocket, and asks the server over what it came. With
// the switch off the page still comes over HTTP/2, and the socket over HTTP/1.1.
func TestWebSocketOverHTTP2(t *testing.T) {
	for name, tt := range map[string]struct{ flag, proto, shown string }{
		"on":  {"--websocket-http2", "HTTP/2.0", "WebSocket · HTTP/2"},
		"off": {"--no-websocket-http2", "HTTP/1.1", "WebSocket"},
	} {
		t.Run(name, func(t *testing.T) {
			s := harness.StartTLS(t, tt.flag, "--log-level", "debug")
			t.Setenv("BASE", s.HTTP("/"))
			t.Setenv("SHOWN", tt.shown)
			harness.Script(t, "node", "http2.mjs")
			s.Says("msg=websocket path=/raw/http2 ")
			s.Says("msg=websocket path=/ws ")
			opened := regexp.MustCompile(`msg=websocket path=(\S+) proto=(\S+)`).FindAllStringSubmatch(s.Log(), -1)
			for _, o := range opened {
				if o[2] != tt.proto {
					t.Errorf("%s came over %s, want %s", o[1], o[2], tt.proto)
				}
			}
		})
	}
}
