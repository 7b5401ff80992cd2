package socketio

import (
	"fmt"
	"os"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

func TestMain(m *testing.M) {
	if addr := os.Getenv("KEEP_AT"); addr != "" { // for keeper.mjs
		fmt.Fprintln(os.Stderr, keep(addr, os.Getenv("KEEP_IN")))
		os.Exit(1)
	}
	os.Exit(harness.Main(m))
}
