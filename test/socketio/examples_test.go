package socketio

import (
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// The tutorial's chat and the game, as people in Chromium have them.
func TestExamples(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"chat", "game"} {
		addr := harness.Example(t, "socketio-"+name, "--client", "../node_modules/socket.io-client/dist")
		harness.Script(t, "node", "examples.mjs", name, "http://"+addr)
	}
}
