package e2e

import (
	"os"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

func TestPeople(t *testing.T) {
	s := harness.Start(t)
	t.Setenv("BASE", s.HTTP("/"))
	t.Setenv("CONTROL", s.Control())
	t.Log(harness.Script(t, "node", "--test", "--test-reporter=spec", "people.mjs"))
}
