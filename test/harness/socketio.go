// Socket.IO alone: test/socketiod.

package harness

import (
	"os/exec"
	"sync"
	"testing"
	"time"
)

var socketiod = sync.OnceValues(func() (string, error) { return build("socketiod", "test", "./socketiod") })

// SocketIO starts test/socketiod on a free port of loopback and returns its address, host:port. It is stopped when the
// test ends, and then must exit 0.
func SocketIO(t testing.TB, args ...string) string {
	t.Helper()
	binary, err := socketiod()
	if err != nil {
		t.Fatal(err)
	}
	log := &tail{address: make(chan string, 1)}
	cmd := exec.Command(binary, append([]string{"--listen", "127.0.0.1:0"}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := terminate(cmd); err != nil {
			t.Errorf("after SIGTERM socketiod ended with: %v\n%s", err, log)
		}
		if t.Failed() {
			t.Logf("socketiod's last words:\n%s", log)
		}
	})
	select {
	case addr := <-log.address:
		return addr
	case <-time.After(patience):
		t.Fatalf("socketiod did not say its address:\n%s", log)
		return ""
	}
}
