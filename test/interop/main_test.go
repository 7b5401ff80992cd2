package interop

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

// debianPython is the interpreter that Debian's python3-websockets is for.
const debianPython = "/usr/bin/python3"

// node runs a script with npm's ws or with Node's own WebSocket, which Node keeps behind a flag
// before version 22.
func node(t *testing.T, client, script string, args ...string) string {
	t.Helper()
	args = append([]string{script, client}, args...)
	if client == "node" && nodeMajor(t) < 22 {
		args = append([]string{"--experimental-websocket", "--no-warnings"}, args...)
	}
	return harness.Script(t, "node", args...)
}

func nodeMajor(t *testing.T) int {
	t.Helper()
	out, err := exec.Command("node", "--version").Output()
	if err != nil {
		t.Error(err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(string(out), "v"), ".")
	n, err := strconv.Atoi(major)
	if err != nil {
		t.Errorf("node --version says %q", out)
	}
	return n
}
