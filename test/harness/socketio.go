// Socket.IO alone: test/socketiod, and the examples.

package harness

import (
	"net"
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
	addr, cmd, log := listening(t, binary, "127.0.0.1:0", args)
	t.Cleanup(func() {
		if err := terminate(cmd); err != nil {
			t.Errorf("after SIGTERM socketiod ended with: %v\n%s", err, log)
		}
		if t.Failed() {
			t.Logf("socketiod's last words:\n%s", log)
		}
	})
	return addr
}

// Example builds and starts a program of examples/ on a free port of loopback and returns its address.
func Example(t testing.TB, name string, args ...string) string {
	t.Helper()
	binary, err := build(name, "examples", "./"+name)
	if err != nil {
		t.Fatal(err)
	}
	addr, cmd, _ := listening(t, binary, hold(t), args) // the example says what it was told, so it cannot choose
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait() // an error that says "killed"
	})
	for deadline := time.Now().Add(patience); ; {
		c, err := net.Dial("tcp", addr)
		if err == nil {
			c.Close()
			return addr
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// listening starts a program and waits until it has said its address.
func listening(t testing.TB, binary, addr string, args []string) (string, *exec.Cmd, *tail) {
	t.Helper()
	log := &tail{address: make(chan string, 1)}
	cmd := exec.Command(binary, append([]string{"--listen", addr}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case addr := <-log.address:
		return addr, cmd, log
	case <-time.After(patience):
		t.Fatalf("%s did not say its address:\n%s", binary, log)
		return "", nil, nil
	}
}
