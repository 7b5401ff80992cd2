package socketio

import (
	"flag"
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
	_ = flag.Set("test.parallel", "6") // most of what they do is waiting
	os.Exit(harness.Main(m))
}
