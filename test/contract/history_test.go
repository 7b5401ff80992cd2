package contract

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"

	"github.com/vechehq/veche/prove/history"
)

// Clients over every transport talk at once in one room, are cut off and come back, each request on
// another node: nothing is lost, doubled or reordered.
func TestHistoryWithoutStickiness(t *testing.T) {
	c := Start(t, 2)
	base, token := RoundRobin(t, c.URLs...), c.Tokens(t)
	const share, cuts = 150, 3
	room := "history-" + rand.Text()
	var h history.History
	var mu sync.Mutex // guards h
	var talking sync.WaitGroup
	for i, w := range append(Ways, Ways...) {
		name := fmt.Sprint(w.Name, i)
		talking.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 4*patience)
			defer cancel()
			client := w.New(base, token(name))
			sends, read, err := talk(ctx, client, room, name, share, cuts, share*2*len(Ways))
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			h.Sends = append(h.Sends, sends...)
			h.Reads = append(h.Reads, read)
		})
	}
	talking.Wait()
	if t.Failed() {
		return
	}
	h.Log = logOf(t, newVisitor(base, token("auditor"), nil), room, share*2*len(Ways))
	for _, breach := range h.Check() {
		t.Error(breach)
	}
}

// talk sends share messages, with cuts between, and reads until it has all.
func talk(ctx context.Context, c Client, room, name string, share, cuts, all int) (sends []history.Send, read history.Read, err error) {
	read.Reader = name
	if err := c.Connect(ctx); err != nil {
		return nil, read, err
	}
	defer c.Leave()
	if a, err := c.Say(ctx, Object{"type": "join", "room": room, "since": 0.0}); err != nil || a["type"] != "ok" {
		return nil, read, fmt.Errorf("join: %v %v", a, err)
	}
	for i := range share {
		if i%(share/cuts) == share/cuts-1 {
			c.Cut()
			if err := c.Connect(ctx); err != nil {
				return nil, read, err
			}
		}
		body := fmt.Sprint(name, " ", i)
		a, err := c.Say(ctx, Object{"type": "send", "room": room, "cid": fmt.Sprint(i), "body": body})
		if err != nil || a["type"] != "ok" {
			return nil, read, fmt.Errorf("send: %v %v", a, err)
		}
		sends = append(sends, history.Send{Sender: name, CID: fmt.Sprint(i), Body: body, Seq: uint64(a["seq"].(float64))})
	}
	for at := 0; len(read.Entries) < all; {
		o, i, err := c.told().find(ctx, at, func(o Object) bool { return o["type"] == "message" || o["type"] == "gap" })
		if err != nil || o["type"] == "gap" {
			return nil, read, fmt.Errorf("after %d messages: %v %v", len(read.Entries), o, err)
		}
		read.Entries = append(read.Entries, entry(o))
		at = i + 1
	}
	return sends, read, nil
}

func entry(o Object) history.Entry {
	return history.Entry{Seq: uint64(o["seq"].(float64)), Sender: o["from"].(string), CID: o["cid"].(string), Body: o["body"].(string)}
}

// logOf reads the whole log, page by page, each on another node.
func logOf(t *testing.T, v *visitor, room string, all int) (log []history.Entry) {
	for len(log) < all {
		a, err := v.post(t.Context(), Object{"type": "history", "room": room, "after": len(log), "limit": 200})
		messages, _ := a["messages"].([]any)
		if err != nil || len(messages) == 0 {
			t.Fatalf("history after %d: %v %v", len(log), a, err)
		}
		for _, m := range messages {
			log = append(log, entry(m.(map[string]any)))
		}
	}
	return log
}
