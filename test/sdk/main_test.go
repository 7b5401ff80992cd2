package sdk

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// client is the directory of the TypeScript client.
var client = filepath.Join("..", "..", "sdk", "js")

var built sync.Once

// build builds the package as it is published.
func build(t *testing.T) {
	t.Helper()
	built.Do(func() { harness.Script(t, "npm", "--prefix", client, "run", "build") })
}

func TestExamples(t *testing.T) {
	build(t)
	s := harness.Start(t)
	for example, want := range map[string]string{
		"ways.mjs": "each once, in order",
		"chat.mjs": "", // nothing is said to it: it comes, and goes
	} {
		t.Run(example, func(t *testing.T) {
			out := harness.Script(t, "node", filepath.Join(client, "examples", example), s.WS("/ws"))
			if !strings.Contains(out, want) {
				t.Errorf("it said %q, want %q", out, want)
			}
		})
	}
}

// The build for a script tag, in Chromium's pages and workers.
func TestScriptTag(t *testing.T) {
	build(t)
	s := harness.Start(t)
	harness.Script(t, "node", "browser.mjs", s.HTTP("/"), filepath.Join(client, "dist", "veche.js"))
}
