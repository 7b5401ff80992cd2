package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/hub"
)

func testUnknownRoom(t *testing.T, d Driver) {
	s := open(t, d)
	mustSend(t, s, text("known", "ann", "", ""))
	before := state(t, s, "unknown")
	if before.Head != 0 || before.First != 1 || before.Epoch == "" {
		t.Errorf("an unknown room is %+v, want head 0, first 1 and an epoch", before)
	}
	if got := readAll(t, s, "unknown"); len(got) != 0 {
		t.Errorf("an unknown room holds %d messages", len(got))
	}
	receipts, err := s.Receipts(context.Background(), "unknown", 10)
	if err != nil || len(receipts) != 0 {
		t.Errorf("an unknown room has receipts %v, err %v", receipts, err)
	}
	if m := mustSend(t, s, text("unknown", "ann", "", "")); m.Seq != 1 {
		t.Errorf("the first message of a room that was asked for got seq %d", m.Seq)
	}
	if after := state(t, s, "unknown"); after.Epoch != before.Epoch {
		t.Errorf("the epoch was %q when it was asked for and became %q by the first message", before.Epoch, after.Epoch)
	}
}

func testRead(t *testing.T, d Driver) {
	s := open(t, d)
	for i := range 10 {
		mustSend(t, s, text("read", "ann", "", fmt.Sprint(i+1)))
		mustSend(t, s, text("beside", "ann", "", "")) // a neighbour, in whatever order they lie
	}
	const all = ^uint64(0)
	for _, c := range []struct {
		from, to    uint64
		limit       int
		first, last uint64 // 0, 0 for none
	}{
		{1, 10, 100, 1, 10},
		{0, all, 100, 1, 10},
		{1, 10, 3, 1, 3},
		{4, 6, 100, 4, 6},
		{4, 4, 1, 4, 4},
		{10, 20, 5, 10, 10},
		{11, all, 5, 0, 0},
		{7, 6, 5, 0, 0},
		{all, all, 5, 0, 0},
		{1 << 40, 1 << 41, 5, 0, 0},
		{1, 10, 0, 0, 0},
		{1, 10, -1, 0, 0},
		{0, 0, 5, 0, 0},
	} {
		messages, err := s.Read(context.Background(), "read", c.from, c.to, c.limit)
		if err != nil {
			t.Errorf("Read(%d, %d, %d): %v", c.from, c.to, c.limit, err)
			continue
		}
		var want []uint64
		for seq := c.first; seq > 0 && seq <= c.last; seq++ {
			want = append(want, seq)
		}
		var got []uint64
		for _, m := range messages {
			got = append(got, m.Seq)
			if string(m.Body.Data) != fmt.Sprint(m.Seq) || m.Room != "read" {
				t.Errorf("seq %d holds %q of room %q", m.Seq, m.Body.Data, m.Room)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Read(%d, %d, %d) (-want +got):\n%s", c.from, c.to, c.limit, diff)
		}
	}
}

func testReadCanceled(t *testing.T, d Driver) {
	s := open(t, d)
	mustSend(t, s, text("read", "ann", "", ""))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	// A store that need not wait may answer all the same.
	if _, err := s.Read(ctx, "read", 1, 1, 1); err != nil && !errors.Is(err, context.Canceled) {
		t.Errorf("Read with a context that has ended: %v, want %v or an answer", err, context.Canceled)
	}
	if got := readAll(t, s, "read"); len(got) != 1 {
		t.Errorf("%d messages after it, want 1", len(got))
	}
}

func testBodies(t *testing.T, d Driver) {
	s := open(t, d)
	large := make([]byte, 64<<10)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range large {
		large[i] = byte(random.Uint32())
	}
	bodies := []hub.Body{
		{Format: hub.JSON, Data: []byte(`{"text":"hi","n":[1,2.5e300,null]}`)},
		{Format: hub.JSON, Data: []byte(`"\u0000"`)},
		{Format: hub.Text, Data: []byte("Вече 👋 \u202e")},
		{Format: hub.Text, Data: []byte("NUL\x00inside")},
		{Format: hub.Text, Data: []byte("\x00")},
		{Format: hub.Text, Data: []byte{}},
		{Format: hub.Text, Data: nil},
		{Format: hub.Bytes, Data: []byte{}},
		{Format: hub.Bytes, Data: nil},
		{Format: hub.Bytes, Data: []byte{0, 1, 0, 0xff, 0xfe}},
		{Format: hub.Bytes, Type: "image/png; x=\"й\"", Data: []byte("\x89PNG\r\n\x1a\n")},
		{Format: hub.Bytes, Data: large},
		{Format: hub.Text, Data: bytes.Repeat([]byte("ы"), 32<<10)},
	}
	var want []stored
	for _, b := range bodies {
		m := mustSend(t, s, &hub.Message{Room: "bodies", From: "ann", Body: b})
		want = append(want, content(m))
	}
	if diff := cmp.Diff(want, contents(checkWhole(t, s, "bodies", len(bodies)))); diff != "" {
		t.Errorf("bodies (-sent +read):\n%s", diff)
	}
}

func testNames(t *testing.T, d Driver) {
	s := open(t, d)
	long := func(n int) string { return string(bytes.Repeat([]byte("я"), n/2)) }
	for _, m := range []*hub.Message{
		{Room: "общая", From: "аня", Name: "Анна ☕", CID: "вот-1", Kind: "опрос"},
		{Room: "~user/1'\"; DROP TABLE room", From: "'", Name: "\"", CID: "%", Kind: "_"},
		{Room: "a", From: "A", Name: "", CID: "", Kind: ""},
		{Room: "A", From: "a", Name: " ", CID: " ", Kind: " "},
		{Room: "e\u0301", From: "é", Name: "é", CID: "e\u0301"},
		{Room: "\u00e9", From: "é", Name: "é", CID: "\u00e9"},
		{Room: "9007199254740993", From: "1e3", Name: "0x10", CID: "1", Kind: "1.0"},
		{Room: long(hub.MaxRoom), From: long(hub.MaxUser), Name: long(hub.MaxName), CID: long(hub.MaxCID), Kind: long(hub.MaxKind)},
	} {
		want := content(mustSend(t, s, m))
		if want.Seq != 1 {
			t.Errorf("room %q is another room: seq %d", m.Room, want.Seq)
		}
		if diff := cmp.Diff([]stored{want}, contents(readAll(t, s, m.Room))); diff != "" {
			t.Errorf("room %q (-sent +read):\n%s", m.Room, diff)
		}
		if m.CID == "" {
			continue
		}
		retry := &hub.Message{Room: m.Room, From: m.From, CID: m.CID}
		if r := send(t, s, retry); r.err != nil || !r.dup || content(r.m) != want {
			t.Errorf("room %q: a retry got dup %v, err %v, %+v", m.Room, r.dup, r.err, content(r.m))
		}
	}
}
