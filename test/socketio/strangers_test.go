package socketio

import (
	"bufio"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/test/harness"
)

// npm starts npm's socket.io with the same handlers as socketiod, and returns its URL.
func npm(t *testing.T) string {
	t.Helper()
	cmd := exec.Command("node", "server.mjs")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	said := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(out).ReadString('\n')
		said <- line
	}()
	select {
	case line := <-said:
		if url := regexp.MustCompile(`http://\S+`).FindString(line); url != "" {
			return url
		}
		t.Fatalf("npm's server says %q", line)
	case <-time.After(patience):
		t.Fatal("npm's server says nothing")
	}
	return ""
}

// The clients from npm: the newest, and one of 2021.
const newest, of2021 = "socket.io-client", "socket.io-client-2021"

// The same client script against npm's server and against ours gives the same event log: in Node and in Chromium, over
// every transport, with the newest client and with one of 2021, and with the other parser.
func TestLikeNPM(t *testing.T) {
	theirs, ours := npm(t), "http://"+harness.SocketIO(t, "--timeout", "5s")
	for _, transports := range []string{"websocket", "polling", "polling,websocket"} {
		for _, client := range []string{newest, of2021} {
			same(t, theirs, ours, "run.mjs", client, transports)
		}
	}
	same(t, theirs, ours, "page.mjs", newest, "polling,websocket")
	same(t, theirs, ours, "page.mjs", of2021, "polling,websocket")
	same(t, theirs, ours, "page.mjs", newest, "polling")
	want := lines(t, theirs, "run.mjs", newest, "websocket")
	if diff := cmp.Diff(want, lines(t, ours, "run.mjs", newest, "websocket", "socket.io-msgpack-parser")); diff != "" {
		t.Errorf("with MessagePack (-text +MessagePack):\n%s", diff)
	}
}

func same(t *testing.T, theirs, ours, script, client, transports string) {
	t.Helper()
	if diff := cmp.Diff(lines(t, theirs, script, client, transports), lines(t, ours, script, client, transports)); diff != "" {
		t.Errorf("%s, %s over %s (-npm's +ours):\n%s", script, client, transports, diff)
	}
}

func lines(t *testing.T, url, script string, args ...string) []string {
	t.Helper()
	out := strings.TrimSpace(harness.Script(t, "node", append([]string{script, url}, args...)...))
	if strings.Contains(out, `"FAILED"`) || len(out) < 1000 {
		t.Errorf("%s %s with %v: %s", script, url, args, out[max(0, len(out)-500):])
	}
	return strings.Split(out, "\n")
}
