package sdk

import (
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// What server and clients hold to, by the vectors of wire/native/testdata/contract, over each transport.
func TestContract(t *testing.T) {
	build(t)
	const secret = "a secret that is long enough for HS256"
	s := harness.Start(t, "--token-secret", secret)
	for _, way := range []string{"websocket", "sse", "longpoll"} {
		t.Run(way, func(t *testing.T) {
			t.Log(harness.Script(t, "node", "contract.mjs", s.WS("/ws"), way, secret))
		})
	}
}
