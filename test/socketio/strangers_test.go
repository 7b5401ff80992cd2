package socketio

import (
	"bufio"
	"os/exec"
	"regexp"
	"strings"
	"sync"
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
	t.Parallel()
	for _, transports := range []string{"websocket", "polling", "polling,websocket"} {
		for _, client := range []string{newest, of2021} {
			same(t, "run.mjs", client, transports)
		}
	}
	same(t, "page.mjs", newest, "polling,websocket")
	same(t, "page.mjs", of2021, "polling,websocket")
	same(t, "page.mjs", newest, "polling")
	same(t, "run.mjs", newest, "websocket", "socket.io-msgpack-parser") // npm's gets text
}

// same runs a script against both servers. The parser, if there is one, is for ours.
func same(t *testing.T, script, client, transports string, parser ...string) {
	t.Run(script+" "+client+" "+transports+" "+strings.Join(parser, ""), func(t *testing.T) {
		t.Parallel()
		var theirs, ours []string
		var wait sync.WaitGroup
		npmURL, ourURL := npm(t), "http://"+harness.SocketIO(t, "--timeout", "1m")
		wait.Go(func() { theirs = lines(t, npmURL, script, client, transports) })
		wait.Go(func() { ours = lines(t, ourURL, script, append([]string{client, transports}, parser...)...) })
		wait.Wait()
		if diff := cmp.Diff(theirs, ours); diff != "" {
			t.Errorf("(-npm's +ours):\n%s", diff)
		}
	})
}

func lines(t *testing.T, url, script string, args ...string) []string {
	t.Helper()
	out := strings.TrimSpace(harness.Script(t, "node", append([]string{script, url}, args...)...))
	if strings.Contains(out, `"FAILED"`) || len(out) < 1000 {
		t.Errorf("%s %s with %v: %s", script, url, args, out[max(0, len(out)-500):])
	}
	return strings.Split(out, "\n")
}
