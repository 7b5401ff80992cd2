package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
)

func keeper(t *testing.T, s hub.Store) hub.Keeper {
	t.Helper()
	k, ok := s.(hub.Keeper)
	if !ok {
		t.Fatal("the store is no hub.Keeper")
	}
	return k
}

// wantKept fails unless a value is there, at once and when it is committed.
func wantKept(t *testing.T, s hub.Store, key, want string) {
	t.Helper()
	for _, when := range []string{"at once", "in the end"} {
		value, err := keeper(t, s).Kept(context.Background(), key)
		if err != nil {
			t.Fatalf("kept: %v", err)
		}
		got := string(value)
		if value == nil {
			got = "nothing"
		}
		if got != want {
			t.Errorf("under %q there is %q %s, want %q", key, got, when, want)
		}
		mustSend(t, s, text("commits what was kept before", "ann", "", ""))
	}
}

func testKeep(t *testing.T, d Driver) {
	s := open(t, d)
	k, later := keeper(t, s), time.Now().Add(time.Hour)
	wantKept(t, s, "a", "nothing")
	k.Keep("a", []byte("1"), later)
	k.Keep("b", []byte{}, later)
	k.Keep("a", []byte("2"), later)
	wantKept(t, s, "a", "2")
	wantKept(t, s, "b", "")
	k.Keep("a", nil, later)
	k.Keep("never", nil, later)
	wantKept(t, s, "a", "nothing")
	k.Keep("a", []byte("3"), later)
	wantKept(t, s, "a", "3")
}

// What is over is gone, and does not come back.
func testKeepUntil(t *testing.T, d Driver) {
	s := open(t, d)
	k, before, later := keeper(t, s), time.Now().Add(-time.Minute), time.Now().Add(time.Hour)
	for i := range 100 {
		k.Keep(fmt.Sprint("over", i), []byte("x"), before)
	}
	k.Keep("a", []byte("1"), before)
	wantKept(t, s, "a", "nothing")
	k.Keep("a", []byte("2"), later)
	for i := range 100 {
		k.Keep(fmt.Sprint("live", i), []byte("x"), later)
	}
	wantKept(t, s, "a", "2")
	wantKept(t, s, "over7", "nothing")
	wantKept(t, s, "live7", "x")
}

func testKeepReopen(t *testing.T, d Driver) {
	dir := t.TempDir()
	s := openAt(t, d, dir)
	keeper(t, s).Keep("a", []byte("1"), time.Now().Add(time.Hour))
	shut(t, s)
	s = openAt(t, d, dir)
	wantKept(t, s, "a", "1")
}

func testTrim(t *testing.T, d Driver) {
	s := open(t, d)
	k := keeper(t, s)
	for i := range 10 {
		mustSend(t, s, text("room", "ann", fmt.Sprint("c", i), ""))
	}
	mustSend(t, s, text("other", "ann", "", ""))
	k.Trim("room", 4, time.Time{})
	k.Trim("nowhere", 4, time.Time{})
	mustSend(t, s, text("other", "ann", "", ""))
	if got := state(t, s, "room"); got.First != 4 || got.Head != 10 {
		t.Errorf("the room holds %d–%d, want 4–10", got.First, got.Head)
	}
	if got := state(t, s, "nowhere"); got.Head != 0 {
		t.Error("a trim has made a room")
	}
	if r := send(t, s, text("room", "ann", "c1", "")); r.err != nil || r.dup || r.m.Seq != 11 {
		t.Errorf("a retry of what is gone: seq %d, dup %v, %v", r.m.Seq, r.dup, r.err)
	}
	k.Trim("room", 1, time.Now().Add(time.Hour))
	mustSend(t, s, text("other", "ann", "", ""))
	if got := state(t, s, "room"); got.First != 11 || got.Head != 11 {
		t.Errorf("the room holds %d–%d, want 11–11", got.First, got.Head)
	}
	if m := mustSend(t, s, text("room", "ann", "", "")); m.Seq != 12 {
		t.Errorf("the next message got seq %d", m.Seq)
	}
	if got := state(t, s, "other"); got.First != 1 || got.Head != 3 {
		t.Errorf("the other room holds %d–%d", got.First, got.Head)
	}
}
