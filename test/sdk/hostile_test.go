package sdk

import (
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"sync"
	"testing"

	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
)

var seed = flag.Uint64("seed", 1, "what the hostile schedules are drawn from")

// share is how many messages each of two clients says.
const share = 1000

// Two clients talk, each through a bad network of its own: over one transport, over what gets through,
// and over transports that change under way.
func TestHostileNetwork(t *testing.T) {
	build(t)
	for _, mix := range []string{"websocket", "sse", "longpoll", "auto", "changing"} {
		t.Run(mix, func(t *testing.T) {
			t.Logf("-seed=%d", *seed)
			s := harness.Start(t)
			var h history.History
			var mu sync.Mutex // guards h
			var talkers sync.WaitGroup
			for i, name := range []string{"ann", "bob"} {
				p, err := hostile.New(s.Addr, hostile.Random(*seed+uint64(i)))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				talkers.Go(func() {
					said := talk(t, []string{"node"}, p.URL("ws", "/ws"), name, mix, *seed+uint64(i), share)
					mu.Lock()
					defer mu.Unlock()
					h.Sends = append(h.Sends, said.Sends...)
					h.Reads = append(h.Reads, history.Read{Reader: name, Entries: said.Reads})
					h.Log = said.Log
					t.Logf("%s: %d exchanges, carried by %v", name, len(p.Log()), said.Carried)
					if len(p.Log()) < 10 {
						t.Errorf("%s: the weather was too good: %v", name, p.Log())
					}
				})
			}
			talkers.Wait()
			judge(t, s, &h, 2*share)
		})
	}
}

// saying is what a talker has said and heard.
type saying struct {
	Sends   []history.Send
	Reads   []history.Entry
	Log     []history.Entry
	Carried map[string]int // how often what carried the connection
}

// talk says a share of messages and hears what all say, by a client in that runtime.
func talk(t *testing.T, runtime []string, url, name, mix string, seed uint64, share int) (s saying) {
	args := []string{"talk.mjs", url, name, mix, strconv.FormatUint(seed, 10), fmt.Sprint(share)}
	out := harness.Script(t, runtime[0], append(runtime[1:], args...)...)
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		t.Errorf("%s: %v", name, err)
	}
	return s
}

// judge reads the log past the bad network and looks for broken promises.
func judge(t *testing.T, s *harness.Server, h *history.History, all int) {
	t.Helper()
	var calm saying
	if err := json.Unmarshal([]byte(harness.Script(t, "node", "log.mjs", s.WS("/ws"))), &calm); err != nil {
		t.Fatal(err)
	}
	h.Log = calm.Log
	if len(h.Log) != all {
		t.Errorf("the log holds %d messages, want %d", len(h.Log), all)
	}
	breaches := h.Check()
	for _, b := range breaches[:min(len(breaches), 20)] {
		t.Error(b)
	}
}
