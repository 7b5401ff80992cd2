package fault

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/test/harness"
	"github.com/vechehq/veche/test/peer"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

var seed = flag.Uint64("seed", 0, "choices of the fault test; 0 takes new ones")

const (
	kills     = 20
	talkers   = 12
	share     = 1500 // messages of each talker
	window    = 4    // of them under way
	readers   = 2    // over /ws
	listeners = 3    // over /raw
	limit     = 8 * time.Minute
)

func TestKillNine(t *testing.T) {
	*seed = cmp.Or(*seed, rand.Uint64())
	t.Logf("-seed=%d", *seed)
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	var clients sync.WaitGroup
	defer func() { cancel(); clients.Wait() }()

	s := harness.Start(t)
	var (
		g       gate
		settled sync.WaitGroup
		acks    = make(chan struct{}, talkers*share) // one per acknowledgement: never full
	)
	run := func(name string, connect connecting) {
		clients.Go(func() {
			if err := live(ctx, &g, connect); err != nil {
				t.Errorf("%s: %v", name, err)
				cancel()
			}
		})
	}
	var ts []*talker
	for i := range talkers + readers {
		name, n := fmt.Sprint("talker", i), share
		if i >= talkers {
			name, n = fmt.Sprint("reader", i), 0
		}
		talker := newTalker(name, s.WS("/ws"), n, window)
		if n > 0 {
			settled.Add(1)
			talker.acked = func() { acks <- struct{}{} }
			talker.settled = settled.Done
		}
		ts = append(ts, talker)
		run(name, talker.connect)
	}
	var ls []*listener
	for i := range listeners {
		l := &listener{url: s.WS("/raw/" + room)}
		ls = append(ls, l)
		run(fmt.Sprint("listener", i), l.connect)
	}

	g.open()
	acked := 0
	for _, at := range moments(rand.New(rand.NewPCG(*seed, 0))) {
		for ; acked < at; acked++ {
			select {
			case <-acks:
			case <-ctx.Done():
				t.Fatalf("after %d acknowledgements: %v", acked, ctx.Err())
			}
		}
		s.Kill()
		s.Restart()
		g.open()
	}
	wait(ctx, t, &settled, "every message is acknowledged")

	log := finish(ctx, t, s)
	wait(ctx, t, &clients, "every reader has read the last message")
	judge(t, ts, ls, log)
}

// moments chooses how many acknowledgements there will have been at each kill. One kill in five
// comes right after the one before, when clients have just begun to come back.
func moments(r *rand.Rand) []int {
	at := make([]int, kills)
	for i := range at {
		at[i] = 1 + r.IntN(talkers*share*9/10)
	}
	slices.Sort(at)
	for i := 4; i < kills; i += 5 {
		at[i] = at[i-1]
	}
	return at
}

// finish says the last message and reads the whole log.
func finish(ctx context.Context, t *testing.T, s *harness.Server) []peer.Object {
	t.Helper()
	c, err := peer.Dial(ctx, s.WS("/ws"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer c.WS.CloseNow()
	if _, err := c.Ask(ctx, peer.Object{Type: "join", Room: room}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ask(ctx, peer.Object{Type: "send", Room: room, CID: "end", Body: peer.String(theEnd)}); err != nil {
		t.Fatal(err)
	}
	log, err := c.Log(ctx, room)
	if err != nil {
		t.Fatal(err)
	}
	return log
}

// judge hands everything to the checker. Senders are known by their user ids there.
func judge(t *testing.T, ts []*talker, ls []*listener, log []peer.Object) {
	t.Helper()
	var h history.History
	for _, m := range log {
		h.Log = append(h.Log, history.Entry{Seq: m.Seq, Sender: m.Sender(), CID: m.CID, Body: m.Text()})
	}
	retried, dups := 0, 0
	for i, talker := range ts {
		h.Sends = append(h.Sends, talker.sends...)
		h.Reads = append(h.Reads, history.Read{Reader: fmt.Sprint("talker", i), Entries: talker.read})
		retried += talker.retried
		dups += talker.dups
	}
	h.Sends = append(h.Sends, history.Send{Sender: "finish", CID: "end", Body: theEnd})
	for i, l := range ls {
		h.Reads = append(h.Reads, history.Read{Reader: fmt.Sprint("listener", i), Entries: l.read})
	}
	breaches := h.Check()
	for _, b := range breaches[:min(len(breaches), 20)] {
		t.Error(b)
	}
	if want := talkers*share + 1; len(log) != want {
		t.Errorf("the log holds %d messages, want %d", len(log), want)
	}
	t.Logf("%d kills, %d messages, %d sent again, of which %d were there", kills, len(log), retried, dups)
	if retried == 0 {
		t.Error("no kill met a message under way: this run proves nothing")
	}
}

// wait waits for a group, or for the end of ctx.
func wait(ctx context.Context, t *testing.T, wg *sync.WaitGroup, what string) {
	t.Helper()
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	select {
	case <-done:
	case <-ctx.Done():
		t.Fatalf("waiting until %s: %v", what, ctx.Err())
	}
}
