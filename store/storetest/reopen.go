package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/hub"
)

func testEpoch(t *testing.T, d Driver) {
	a, b := open(t, d), open(t, d)
	mustSend(t, a, text("room", "ann", "", ""))
	before := state(t, a, "room")
	mustSend(t, a, text("room", "ann", "", ""))
	if after := state(t, a, "room"); before.Epoch == "" || after.Epoch != before.Epoch {
		t.Errorf("the epoch was %q and became %q", before.Epoch, after.Epoch)
	}
	mustSend(t, b, text("room", "ann", "", ""))
	if other := state(t, b, "room"); other.Epoch == before.Epoch {
		t.Errorf("another store has the same epoch %q", other.Epoch)
	}
}

func testReopen(t *testing.T, d Driver) {
	dir := t.TempDir()
	s := openAt(t, d, dir)
	for i := range 20 {
		mustSend(t, s, text("room", "ann", fmt.Sprint("c", i), fmt.Sprint(i)))
		mustSend(t, s, &hub.Message{Room: "другая", From: "bob", Kind: "k", Body: hub.Body{Format: hub.Bytes, Type: "a/b", Data: []byte{0, byte(i)}}})
	}
	s.SaveReceipt(hub.Receipt{Room: "room", User: "bob", Received: 20, Read: 11})
	wantRoom, wantOther, wantState := contents(readAll(t, s, "room")), contents(readAll(t, s, "другая")), state(t, s, "room")
	shut(t, s)

	s = openAt(t, d, dir)
	if diff := cmp.Diff(wantRoom, contents(readAll(t, s, "room"))); diff != "" {
		t.Errorf("room (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(wantOther, contents(readAll(t, s, "другая"))); diff != "" {
		t.Errorf("the other room (-before +after):\n%s", diff)
	}
	if got := state(t, s, "room"); got != wantState {
		t.Errorf("state %+v, want %+v", got, wantState)
	}
	if got, want := receipt(t, s, "room", "bob"), (hub.Receipt{Room: "room", User: "bob", Received: 20, Read: 11}); got != want {
		t.Errorf("receipt %+v, want %+v", got, want)
	}
	if r := send(t, s, text("room", "ann", "c7", "retried")); r.err != nil || !r.dup || r.m.Seq != 8 {
		t.Errorf("a retry after reopening: dup %v, err %v, seq %d, want dup of 8", r.dup, r.err, r.m.Seq)
	}
	if m := mustSend(t, s, text("room", "ann", "c20", "")); m.Seq != 21 || m.At.Before(wantRoom[19].At) {
		t.Errorf("the next message got seq %d at %v, want 21 not before %v", m.Seq, m.At, wantRoom[19].At)
	}
}
