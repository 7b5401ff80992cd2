// Several servers in one process: test/nodes.

package harness

import (
	"bufio"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
)

var nodes = sync.OnceValues(func() (string, error) { return build("nodes", "test", "./nodes") })

// Nodes starts test/nodes, n servers over one store and bus in a process of their own, and returns their URLs. They
// are stopped when the test ends, and the process must then exit 0.
func Nodes(t testing.TB, n int, secret string) (urls []string) {
	t.Helper()
	binary, err := nodes()
	if err != nil {
		t.Fatal(err)
	}
	log := new(tail)
	log.told = true // who is where is said on standard output
	cmd := exec.Command(binary, "-n", strconv.Itoa(n), "-data", t.TempDir(), "-secret", secret)
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := terminate(cmd); err != nil {
			t.Errorf("after SIGTERM nodes ended with: %v\n%s", err, log)
		}
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("nodes did not say where they are: %v\n%s", err, log)
	}
	return strings.Split(strings.TrimSpace(line), ",")
}
