package bustest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vechehq/veche/hub"
)

// patience is how long a test waits for what must happen, on a slow machine.
const patience = 20 * time.Second

// Run runs the suite as subtests of t. open returns n buses that are joined, as n nodes have them: the
// same one n times, or a connection each. It closes them by t.Cleanup.
func Run(t *testing.T, open func(t testing.TB, n int) []hub.Bus) {
	for _, test := range []struct {
		name string
		run  func(t *testing.T, buses []hub.Bus)
	}{
		{"Notices", testNotices},
		{"SlowSubscriber", testSlowSubscriber},
		{"Cancel", testCancel},
		{"CallsBack", testCallsBack},
		{"Concurrent", testConcurrent},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t, 3)) })
	}
}

// listen subscribes for a channel, which must be read.
func listen(t *testing.T, b hub.Bus) <-chan hub.Notice {
	heard := make(chan hub.Notice, 1000)
	t.Cleanup(b.Subscribe(func(n hub.Notice) { heard <- n }))
	return heard
}

func next(t *testing.T, heard <-chan hub.Notice) hub.Notice {
	t.Helper()
	select {
	case n := <-heard:
		return n
	case <-time.After(patience):
		t.Fatalf("heard nothing for %v", patience)
		return hub.Notice{}
	}
}

func testNotices(t *testing.T, buses []hub.Bus) {
	heard := []<-chan hub.Notice{listen(t, buses[1]), listen(t, buses[2])}
	for _, want := range []hub.Notice{
		{Node: "n1", Room: "общая", Head: 1},
		{Node: "n1", Room: "room", Head: 1<<64 - 1},
		{Node: "n1", Room: "room", Signal: &hub.Signal{
			Room: "room", From: "ann", Name: "Аня", Kind: "typing",
			Body: hub.Body{Format: hub.Bytes, Type: "a/b", Data: []byte{0, 0xff}},
		}},
		{Node: "n1", User: "боб", Signal: &hub.Signal{From: "ann", Kind: "call", Body: hub.Body{Format: hub.JSON, Data: []byte(`{}`)}}},
		{Node: "n1", Room: "room", Session: "s", Signal: &hub.Signal{Room: "room", Kind: "typing"}},
		{Node: "n1", Room: "room", Ask: true},
		{Node: "n1", Room: "room", Presence: &hub.Presence{
			Room: "room", Whole: true, Joined: []hub.User{{ID: "ann", Name: "Аня"}, {ID: "bob"}},
		}},
		{Node: "n1", Room: "room", Presence: &hub.Presence{Room: "room", Left: []hub.User{{ID: "bob"}}}},
		{Node: "n1", User: "ann", Session: "s", Ended: hub.ErrReplaced},
		{Node: "n1", Room: "room", Receipt: &hub.Receipt{Room: "room", User: "ann", Received: 7, Read: 3}},
	} {
		buses[0].Publish(want)
		for i, h := range heard {
			if diff := cmp.Diff(want, next(t, h), cmpopts.IgnoreUnexported(hub.Signal{}, hub.Presence{})); diff != "" {
				t.Errorf("subscriber %d (-published +heard):\n%s", i+1, diff)
			}
		}
	}
}

// testSlowSubscriber has one that is stuck while much is published: nobody waits for it, and later it
// learns the highest head of each room.
func testSlowSubscriber(t *testing.T, buses []hub.Bus) {
	const rooms, heads = 50, 400
	entered, release := make(chan struct{}), make(chan struct{})
	slow := make(chan hub.Notice, rooms*heads)
	var once sync.Once
	cancel := buses[1].Subscribe(func(n hub.Notice) {
		once.Do(func() { close(entered) })
		<-release
		if n.Signal == nil {
			slow <- n
		}
	})
	defer cancel()
	quick := listen(t, buses[2])

	buses[0].Publish(hub.Notice{Node: "n1", Room: "first", Head: 1})
	select {
	case <-entered:
	case <-time.After(patience):
		t.Fatal("the slow subscriber heard nothing")
	}
	var publishing sync.WaitGroup
	published := make(chan struct{})
	publishing.Go(func() {
		for head := range uint64(heads) {
			for room := range rooms {
				buses[0].Publish(hub.Notice{Node: "n1", Room: fmt.Sprint(room), Head: head + 1})
				buses[0].Publish(hub.Notice{Node: "n1", Room: fmt.Sprint(room), Signal: &hub.Signal{Kind: "cursor"}})
			}
		}
		close(published)
	})
	defer publishing.Wait()
	awaitHeads(t, quick, rooms, heads)
	select {
	case <-published:
	case <-time.After(patience):
		t.Error("Publish waits for a slow subscriber")
	}
	close(release)
	awaitHeads(t, slow, rooms, heads)
}

func awaitHeads(t *testing.T, heard <-chan hub.Notice, rooms int, head uint64) {
	t.Helper()
	missing := make(map[string]bool)
	for room := range rooms {
		missing[fmt.Sprint(room)] = true
	}
	for len(missing) > 0 {
		if n := next(t, heard); n.Head == head {
			delete(missing, n.Room)
		}
	}
}

func testCancel(t *testing.T, buses []hub.Bus) {
	heard := make(chan hub.Notice, 10)
	cancel := buses[1].Subscribe(func(n hub.Notice) { heard <- n })
	other := listen(t, buses[1])

	buses[0].Publish(hub.Notice{Node: "n1", Room: "room", Head: 1})
	next(t, heard)
	next(t, other)
	cancel()
	cancel() // once more is allowed
	buses[0].Publish(hub.Notice{Node: "n1", Room: "room", Head: 2})
	if n := next(t, other); n.Head != 2 {
		t.Errorf("the other subscriber heard %+v, want head 2", n)
	}
	select {
	case n := <-heard:
		t.Errorf("heard %+v after cancel", n)
	default:
	}
}

// testCallsBack publishes, subscribes and cancels from within a subscriber.
func testCallsBack(t *testing.T, buses []hub.Bus) {
	echo := listen(t, buses[1])
	var cancel func()
	ready := make(chan struct{})
	cancel = buses[0].Subscribe(func(n hub.Notice) {
		<-ready
		if n.Node == "n1" {
			return
		}
		buses[0].Subscribe(func(hub.Notice) {})()
		buses[0].Publish(hub.Notice{Node: "n1", Room: n.Room, Head: n.Head + 1})
		cancel()
	})
	close(ready)
	buses[2].Publish(hub.Notice{Node: "n3", Room: "room", Head: 1})
	for next(t, echo).Head != 2 {
	}
}

func testConcurrent(t *testing.T, buses []hub.Bus) {
	const nodes, heads = 3, 200
	heard := make([]<-chan hub.Notice, nodes)
	for i, b := range buses {
		// Of what one publisher told, the last is enough.
		last := make(chan hub.Notice, nodes*heads)
		t.Cleanup(b.Subscribe(func(n hub.Notice) { last <- n }))
		heard[i] = last
	}
	var wg sync.WaitGroup
	for i, b := range buses {
		wg.Go(func() {
			for head := range uint64(heads) {
				b.Publish(hub.Notice{Node: fmt.Sprint("n", i), Room: fmt.Sprint(i), Head: head + 1})
				b.Subscribe(func(hub.Notice) {})()
			}
		})
	}
	wg.Wait()
	for _, h := range heard {
		awaitHeads(t, h, nodes, heads)
	}
}
