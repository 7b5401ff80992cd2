// The engine alone: bench/echo, as a server and as a client.

package harness

import (
	"os/exec"
	"testing"
	"time"
)

// Echo starts an echo server on a free port of loopback and returns its address, host:port. It is
// stopped when the test ends, and then must exit 0. args are added to the command line.
func Echo(t testing.TB, args ...string) string {
	t.Helper()
	cmd, log := startEcho(t, append([]string{"--listen", "127.0.0.1:0"}, args...))
	t.Cleanup(func() {
		if err := terminate(cmd); err != nil {
			t.Errorf("after SIGTERM the echo ended with: %v\n%s", err, log)
		}
	})
	select {
	case addr := <-log.address:
		return addr
	case <-time.After(patience):
		t.Fatalf("the echo did not say its address:\n%s", log)
		return ""
	}
}

// EchoClient starts a client of the URL that echoes on one connection until the server closes it.
// wait waits for that; the client must exit 0.
func EchoClient(t testing.TB, url string, args ...string) (wait func()) {
	t.Helper()
	cmd, log := startEcho(t, append([]string{"--client", url}, args...))
	return func() {
		t.Helper()
		overdue := time.AfterFunc(patience, func() { cmd.Process.Kill() })
		defer overdue.Stop()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the echo as a client ended with: %v\n%s", err, log)
		}
	}
}

// EchoBinary returns the path of the built bench/echo, for those who start it themselves.
func EchoBinary(t testing.TB) string {
	t.Helper()
	binary, err := echo()
	if err != nil {
		t.Fatal(err)
	}
	return binary
}

func startEcho(t testing.TB, args []string) (*exec.Cmd, *tail) {
	t.Helper()
	log := &tail{address: make(chan string, 1)}
	cmd := exec.Command(EchoBinary(t), args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, log
}
