package interop

import (
	"testing"

	"github.com/vechehq/veche/test/harness"
)

func TestNpmWS(t *testing.T) {
	s := harness.Start(t)
	t.Run("native", func(t *testing.T) { node(t, "npm", "native.mjs", s.WS(""), "npm") })
	t.Run("raw", func(t *testing.T) { node(t, "npm", "raw.mjs", s.WS(""), "npm-raw") })
}

func TestNodeWebSocket(t *testing.T) {
	s := harness.Start(t)
	t.Run("native", func(t *testing.T) { node(t, "node", "native.mjs", s.WS(""), "node") })
	t.Run("raw", func(t *testing.T) { node(t, "node", "raw.mjs", s.WS(""), "node-raw") })
}

func TestPythonWebsockets(t *testing.T) {
	s := harness.Start(t)
	harness.Script(t, debianPython, "features.py", s.WS(""), "python")
}
