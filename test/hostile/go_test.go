package hostile

import (
	"context"
	"flag"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/client"
	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
	"github.com/vechehq/veche/test/peer"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

var seed = flag.Uint64("seed", 1, "what the hostile schedules are drawn from")

const (
	room  = "hostile"
	share = 1000 // messages each way
	limit = 6 * time.Minute
)

// Two Go programs talk over WebSocket, each through a bad network of its own.
func TestGoClientOverWebSocket(t *testing.T) {
	t.Logf("-seed=%d", *seed)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
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
			sends, read, err := talk(ctx, p.URL("ws", ""), name)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			mu.Lock()
			defer mu.Unlock()
			h.Sends = append(h.Sends, sends...)
			h.Reads = append(h.Reads, history.Read{Reader: name, Entries: read})
			t.Logf("%s: %d connections and attempts", name, len(p.Log()))
			if len(p.Log()) < 10 {
				t.Errorf("%s: the weather was too good: %v", name, p.Log())
			}
		})
	}
	talkers.Wait()
	judge(ctx, t, s, &h, 2*share)
}

// talk says its share and reads everybody's.
func talk(ctx context.Context, url, name string) (sends []history.Send, read []history.Entry, err error) {
	c, err := client.Dial(ctx, url, &client.Options{Name: name, MaxBackoff: 100 * time.Millisecond})
	if err != nil {
		return nil, nil, err
	}
	defer c.Close()
	r, err := c.Join(ctx, room, client.After(0, ""))
	if err != nil {
		return nil, nil, err
	}
	var posting sync.WaitGroup
	var failed error
	posting.Go(func() { sends, failed = post(ctx, r, name) })
	defer posting.Wait()
	for e, err := range r.Events(ctx) {
		if err != nil {
			return nil, read, err
		}
		switch e := e.(type) {
		case *client.Gap:
			return nil, read, fmt.Errorf("a gap: %+v", e)
		case *client.Message:
			read = append(read, history.Entry{Seq: e.Seq, Sender: e.From, CID: e.CID, Body: e.Body.Text()})
		}
		if len(read) == 2*share {
			break
		}
	}
	posting.Wait()
	for i := range sends {
		sends[i].Sender = c.User().ID
	}
	return sends, read, failed
}

// post sends the share, as many at once as the client takes, and waits for all.
func post(ctx context.Context, r *client.Room, name string) ([]history.Send, error) {
	var sends []history.Send
	var pending []*client.Pending
	for i := range share {
		body := fmt.Sprintf("%s-%d", name, i)
		p, err := r.Post(ctx, body)
		if err != nil {
			return nil, err
		}
		pending = append(pending, p)
		sends = append(sends, history.Send{CID: p.CID(), Body: body})
	}
	for i, p := range pending {
		sent, err := p.Wait(ctx)
		if err != nil {
			return nil, err
		}
		sends[i].Seq = sent.Seq
	}
	return sends, nil
}

// judge reads the log past the bad network and looks for broken promises.
func judge(ctx context.Context, t *testing.T, s *harness.Server, h *history.History, want int) {
	t.Helper()
	c, err := peer.Dial(ctx, s.WS("/ws"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.WS.CloseNow()
	log, err := c.Log(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range log {
		h.Log = append(h.Log, history.Entry{Seq: m.Seq, Sender: m.Sender(), CID: m.CID, Body: m.Text()})
	}
	if len(log) != want {
		t.Errorf("the log holds %d messages, want %d", len(log), want)
	}
	breaches := h.Check()
	for _, b := range breaches[:min(len(breaches), 20)] {
		t.Error(b)
	}
}
