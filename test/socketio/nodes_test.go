package socketio

import (
	"strings"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// Two nodes behind a load balancer that knows nothing: polls and the WebSocket that takes over reach whichever it likes.
func TestNodes(t *testing.T) {
	t.Parallel()
	for _, client := range []string{newest, of2021} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			url := "http://" + harness.SocketIO(t, "--nodes", "2", "--timeout", "1m")
			if out := harness.Script(t, "node", "nodes.mjs", url, client); strings.TrimSpace(out) != "ok" {
				t.Error(out)
			}
		})
	}
}
