package storetest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vechehq/veche/hub"
)

// testModel does to a store what happens to stores, also closing and opening a durable one, and
// compares it with a model. All runs share the store, each in rooms of its own.
func testModel(t *testing.T, d Driver) {
	dir := t.TempDir()
	s := d.Open(t, dir)
	defer func() { shut(t, s) }()
	run := 0
	rapid.Check(t, func(rt *rapid.T) {
		run++
		m := &model{
			store:    s,
			rooms:    []string{fmt.Sprint("a", run), fmt.Sprint("b", run), fmt.Sprint("комната", run)},
			logs:     make(map[string][]stored),
			receipts: make(map[[2]string]hub.Receipt),
		}
		actions := map[string]func(*rapid.T){"append": m.append, "read": m.read, "receipt": m.receipt, "look": m.look}
		if d.Durable {
			actions["reopen"] = func(rt *rapid.T) {
				if rapid.IntRange(0, 63).Draw(rt, "one of 64, for it takes long") == 0 {
					shut(rt, s)
					s = d.Open(t, dir)
					m.store = s
				}
			}
		}
		rt.Repeat(actions)
		for _, room := range m.rooms {
			m.check(rt, room)
		}
	})
}

// model is a store as one would write it down in a minute, beside the one it is compared with.
type model struct {
	store    hub.Store
	rooms    []string
	logs     map[string][]stored
	receipts map[[2]string]hub.Receipt // by room and user
}

var (
	modelUsers = []string{"ann", "bob"}

	drawUser  = rapid.SampledFrom(modelUsers)
	drawCID   = rapid.SampledFrom([]string{"", "", "1", "2", "3"})
	drawBody  = rapid.SliceOfN(rapid.Byte(), 0, 8)
	drawSeq   = rapid.Uint64Range(0, 12)
	drawLimit = rapid.IntRange(0, 6)
)

func (m *model) drawRoom(t *rapid.T) string { return rapid.SampledFrom(m.rooms).Draw(t, "room") }

func (m *model) append(t *rapid.T) {
	msg := &hub.Message{
		Room: m.drawRoom(t), From: drawUser.Draw(t, "from"), CID: drawCID.Draw(t, "cid"),
		Body: hub.Body{Format: hub.Bytes, Data: drawBody.Draw(t, "body")},
	}
	want := content(msg)
	got := send(t, m.store, msg)
	if got.err != nil {
		t.Fatalf("Append: %v", got.err)
	}
	first, known := m.find(want)
	if known {
		want = first
	} else {
		want.Seq, want.At = uint64(len(m.logs[msg.Room])+1), got.m.At
		m.logs[msg.Room] = append(m.logs[msg.Room], want)
	}
	if diff := cmp.Diff(want, content(got.m)); diff != "" || known != got.dup {
		t.Fatalf("Append: dup %v, want %v (-want +got):\n%s", got.dup, known, diff)
	}
}

func (m *model) find(msg stored) (first stored, known bool) {
	for _, old := range m.logs[msg.Room] {
		if msg.CID != "" && old.From == msg.From && old.CID == msg.CID {
			return old, true
		}
	}
	return stored{}, false
}

func (m *model) read(t *rapid.T) {
	room, from, to, limit := m.drawRoom(t), drawSeq.Draw(t, "from"), drawSeq.Draw(t, "to"), drawLimit.Draw(t, "limit")
	var want []stored
	for _, msg := range m.logs[room] {
		if from <= msg.Seq && msg.Seq <= to && len(want) < limit {
			want = append(want, msg)
		}
	}
	got, err := m.store.Read(t.Context(), room, from, to, limit)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	if diff := cmp.Diff(want, contents(got)); diff != "" {
		t.Fatalf("Read(%d, %d, %d) (-want +got):\n%s", from, to, limit, diff)
	}
}

func (m *model) receipt(t *rapid.T) {
	room, user := m.drawRoom(t), drawUser.Draw(t, "user")
	head := uint64(len(m.logs[room]))
	if head == 0 {
		return // there is nothing to have received
	}
	upToHead := rapid.Uint64Range(0, head)
	r := hub.Receipt{Room: room, User: user, Received: upToHead.Draw(t, "received"), Read: upToHead.Draw(t, "read")}
	m.store.SaveReceipt(r)

	old := m.receipts[[2]string{room, user}]
	r.Read = max(r.Read, old.Read)
	r.Received = max(r.Received, old.Received, r.Read)
	m.receipts[[2]string{room, user}] = r
}

func (m *model) look(t *rapid.T) { m.check(t, m.drawRoom(t)) }

func (m *model) check(t *rapid.T, room string) {
	if st := state(t, m.store, room); st.First != 1 || st.Head != uint64(len(m.logs[room])) {
		t.Fatalf("room %q: %+v, want head %d", room, st, len(m.logs[room]))
	}
	listed := make(map[string]hub.Receipt)
	for _, r := range receipts(t, m.store, room, 10) {
		listed[r.User] = r
	}
	for _, user := range modelUsers {
		want, known := m.receipts[[2]string{room, user}]
		if known && listed[user] != want {
			t.Fatalf("a listed receipt is %+v, want %+v", listed[user], want)
		}
		if !known {
			want = hub.Receipt{Room: room, User: user}
		}
		if got := receipt(t, m.store, room, user); got != want {
			t.Fatalf("receipt %+v, want %+v", got, want)
		}
	}
}
