package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/hub"
)

func receipt(t failer, s hub.Store, room, user string) hub.Receipt {
	t.Helper()
	r, err := s.Receipt(context.Background(), room, user)
	if err != nil {
		t.Fatalf("Receipt(%q, %q): %v", room, user, err)
	}
	return r
}

func receipts(t failer, s hub.Store, room string, limit int) []hub.Receipt {
	t.Helper()
	all, err := s.Receipts(context.Background(), room, limit)
	if err != nil {
		t.Fatalf("Receipts(%q, %d): %v", room, limit, err)
	}
	return all
}

func testReceipts(t *testing.T, d Driver) {
	s := open(t, d)
	for range 10 {
		mustSend(t, s, text("room", "ann", "", ""))
		mustSend(t, s, text("beside", "ann", "", ""))
	}
	if got, want := receipt(t, s, "room", "bob"), (hub.Receipt{Room: "room", User: "bob"}); got != want {
		t.Errorf("of one who never said: %+v, want %+v", got, want)
	}
	for _, c := range []struct{ received, read, wantReceived, wantRead uint64 }{
		{3, 1, 3, 1},
		{5, 0, 5, 1}, // each grows by itself
		{2, 2, 5, 2},
		{4, 1, 5, 2}, // neither shrinks
		{5, 5, 5, 5},
		{0, 7, 7, 7}, // read ≤ received: what was read was received
		{0, 0, 7, 7},
	} {
		s.SaveReceipt(hub.Receipt{Room: "room", User: "bob", Received: c.received, Read: c.read})
		want := hub.Receipt{Room: "room", User: "bob", Received: c.wantReceived, Read: c.wantRead}
		if got := receipt(t, s, "room", "bob"); got != want {
			t.Errorf("after %d/%d: %+v, want %+v", c.received, c.read, got, want)
		}
	}
	if got := receipt(t, s, "beside", "bob"); got.Received != 0 {
		t.Errorf("it went to another room too: %+v", got)
	}
	if got := receipt(t, s, "room", "Bob"); got.Received != 0 {
		t.Errorf("it went to another user too: %+v", got)
	}
}

func testReceiptsLimit(t *testing.T, d Driver) {
	s := open(t, d)
	const n = 30
	for range n {
		mustSend(t, s, text("room", "ann", "", ""))
	}
	for i := range n { // in an order that is not theirs
		seq := uint64(i*7%n + 1)
		s.SaveReceipt(hub.Receipt{Room: "room", User: fmt.Sprint("юзер", seq), Received: seq})
	}
	for _, limit := range []int{0, 1, 7, n, 1000} {
		var want []hub.Receipt
		for seq := uint64(n); seq > 0 && len(want) < limit; seq-- {
			want = append(want, hub.Receipt{Room: "room", User: fmt.Sprint("юзер", seq), Received: seq})
		}
		got := receipts(t, s, "room", limit)
		if len(want) == 0 && len(got) == 0 {
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("limit %d (-want +got):\n%s", limit, diff)
		}
	}
}

func testReceiptsConcurrent(t *testing.T, d Driver) {
	s := open(t, d)
	const users, n = 10, 100
	for range n {
		mustSend(t, s, text("room", "ann", "", ""))
	}
	var wg sync.WaitGroup
	for u := range users {
		user := fmt.Sprint("u", u)
		for half := range uint64(2) {
			wg.Go(func() {
				for seq := uint64(1); seq <= n; seq++ {
					s.SaveReceipt(hub.Receipt{Room: "room", User: user, Received: seq, Read: seq * half})
				}
			})
		}
		wg.Go(func() {
			var last hub.Receipt
			for range 20 {
				r := receipt(t, s, "room", user)
				if r.Received < last.Received || r.Read < last.Read || r.Read > r.Received {
					t.Errorf("%s: %+v after %+v", user, r, last)
				}
				last = r
			}
		})
	}
	await(t, &wg, "writers and readers of receipts")
	for _, r := range receipts(t, s, "room", users) {
		if r.Received != n || r.Read != n {
			t.Errorf("%+v, want %d and %d", r, n, n)
		}
	}
}
