package interop

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/test/harness"
	"github.com/vechehq/veche/test/peer"
)

// Everybody talks at once in one room, each in its own language and through its own door, and
// everybody hears the same.
func TestOneRoom(t *testing.T) {
	const (
		room  = "assembly"
		share = 30
	)
	s := harness.Start(t)
	talkers := map[string]func(t *testing.T, args ...string) string{
		"npm-native":  func(t *testing.T, args ...string) string { return talkNode(t, s, "npm", "native", args) },
		"npm-raw":     func(t *testing.T, args ...string) string { return talkNode(t, s, "npm", "raw", args) },
		"node-native": func(t *testing.T, args ...string) string { return talkNode(t, s, "node", "native", args) },
		"node-raw":    func(t *testing.T, args ...string) string { return talkNode(t, s, "node", "raw", args) },
		"py-native":   func(t *testing.T, args ...string) string { return talkPython(t, s, "native", args) },
		"py-raw":      func(t *testing.T, args ...string) string { return talkPython(t, s, "raw", args) },
	}
	all := share * len(talkers)

	var (
		h  history.History
		mu sync.Mutex
		wg sync.WaitGroup
	)
	for name, talk := range talkers {
		wg.Go(func() {
			out := talk(t, room, name, strconv.Itoa(share), strconv.Itoa(all))
			var heard []string
			if err := json.Unmarshal([]byte(out), &heard); err != nil {
				t.Errorf("%s printed %q: %v", name, out, err)
			}
			mu.Lock()
			defer mu.Unlock()
			h.Reads = append(h.Reads, history.Read{Reader: name, Entries: numbered(heard)})
		})
		for i := range share {
			form := "text"
			if i%3 == 2 {
				form = "bytes"
			}
			h.Sends = append(h.Sends, history.Send{Sender: name, Body: fmt.Sprintf("%s %s-%d", form, name, i)})
		}
	}
	wg.Wait()

	h.Log = log(t, s, room)
	if len(h.Log) != all {
		t.Errorf("the log holds %d messages, want %d", len(h.Log), all)
	}
	for _, b := range h.Check() {
		t.Error(b)
	}
}

func talkNode(t *testing.T, s *harness.Server, client, door string, args []string) string {
	return node(t, client, "talk.mjs", append([]string{s.WS(""), door}, args...)...)
}

func talkPython(t *testing.T, s *harness.Server, door string, args []string) string {
	return harness.Script(t, debianPython, append([]string{"talk.py", s.WS(""), door}, args...)...)
}

// numbered counts what a reader heard from the start of the log.
func numbered(heard []string) []history.Entry {
	entries := make([]history.Entry, len(heard))
	for i, body := range heard {
		entries[i] = history.Entry{Seq: uint64(i) + 1, Body: body}
	}
	return entries
}

// log reads the room with one more stranger, a Go library. Senders are known by their bodies.
func log(t *testing.T, s *harness.Server, room string) []history.Entry {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := peer.Dial(ctx, s.WS("/ws"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.WS.CloseNow()
	messages, err := c.Log(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	entries := make([]history.Entry, len(messages))
	for i, m := range messages {
		body := "text " + m.Text()
		if m.Data != "" {
			b, err := base64.StdEncoding.DecodeString(m.Data)
			if err != nil {
				t.Fatalf("seq %d: data: %v", m.Seq, err)
			}
			body = "bytes " + string(b)
		}
		_, name, _ := strings.Cut(body, " ")
		entries[i] = history.Entry{Seq: m.Seq, Sender: name[:strings.LastIndex(name, "-")], Body: body}
	}
	return entries
}
