package storetest

import (
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vechehq/veche/hub"
)

// model is a store as one would write it down in a minute.
type model struct {
	logs     map[string][]stored
	receipts map[[2]string]hub.Receipt
}

func (m *model) append(msg stored) (first stored, dup bool) {
	for _, old := range m.logs[msg.Room] {
		if msg.CID != "" && old.From == msg.From && old.CID == msg.CID {
			return old, true
		}
	}
	msg.Seq = uint64(len(m.logs[msg.Room]) + 1)
	m.logs[msg.Room] = append(m.logs[msg.Room], msg)
	return msg, false
}

func (m *model) read(room string, from, to uint64, limit int) []stored {
	var found []stored
	for _, msg := range m.logs[room] {
		if from <= msg.Seq && msg.Seq <= to && len(found) < limit {
			found = append(found, msg)
		}
	}
	return found
}

func (m *model) save(r hub.Receipt) {
	key := [2]string{r.Room, r.User}
	old := m.receipts[key]
	r.Read = max(r.Read, old.Read)
	r.Received = max(r.Received, old.Received, r.Read)
	m.receipts[key] = r
}

func testModel(t *testing.T, d Driver) { checkModel(t, d, nil) }

// testReopenModel closes and opens the store among other things that happen to it.
func testReopenModel(t *testing.T, d Driver) {
	checkModel(t, d, func(_ *rapid.T, s hub.Store, dir string) hub.Store {
		shut(t, s)
		return d.Open(t, dir)
	})
}

func checkModel(t *testing.T, d Driver, reopen func(t *rapid.T, s hub.Store, dir string) hub.Store) {
	base := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		dir, err := os.MkdirTemp(base, "store")
		if err != nil {
			rt.Fatalf("%v", err)
		}
		s := d.Open(t, dir)
		defer func() { shut(t, s) }()
		model := &model{logs: make(map[string][]stored), receipts: make(map[[2]string]hub.Receipt)}
		actions := actions(model, &s)
		if reopen != nil {
			actions["reopen"] = func(rt *rapid.T) { s = reopen(rt, s, dir) }
		}
		rt.Repeat(actions)
	})
}

var (
	roomNames = rapid.SampledFrom([]string{"a", "b", "комната"})
	userNames = rapid.SampledFrom([]string{"ann", "bob"})
	cids      = rapid.SampledFrom([]string{"", "", "1", "2", "3"})
	seqs      = rapid.Uint64Range(0, 12)
)

func actions(model *model, s *hub.Store) map[string]func(*rapid.T) {
	return map[string]func(*rapid.T){
		"append": func(t *rapid.T) {
			m := &hub.Message{
				Room: roomNames.Draw(t, "room"), From: userNames.Draw(t, "from"), CID: cids.Draw(t, "cid"),
				Body: hub.Body{Format: hub.Bytes, Data: rapid.SliceOfN(rapid.Byte(), 0, 8).Draw(t, "body")},
			}
			sent := content(m)
			r := send(t, *s, m)
			if r.err != nil {
				t.Fatalf("Append: %v", r.err)
			}
			sent.At = r.m.At
			first, dup := model.append(sent)
			if diff := cmp.Diff(first, content(r.m)); diff != "" || dup != r.dup {
				t.Fatalf("Append: dup %v, want %v (-want +got):\n%s", r.dup, dup, diff)
			}
		},
		"read": func(t *rapid.T) {
			room, from, to := roomNames.Draw(t, "room"), seqs.Draw(t, "from"), seqs.Draw(t, "to")
			limit := rapid.IntRange(0, 6).Draw(t, "limit")
			got, err := (*s).Read(t.Context(), room, from, to, limit)
			if err != nil {
				t.Fatalf("Read: %v", err)
			}
			if diff := cmp.Diff(model.read(room, from, to, limit), contents(got)); diff != "" {
				t.Fatalf("Read(%d, %d, %d) (-want +got):\n%s", from, to, limit, diff)
			}
		},
		"receipt": func(t *rapid.T) {
			room, user := roomNames.Draw(t, "room"), userNames.Draw(t, "user")
			head := uint64(len(model.logs[room]))
			if head == 0 {
				return // there is nothing to have received
			}
			r := hub.Receipt{
				Room: room, User: user,
				Received: rapid.Uint64Range(0, head).Draw(t, "received"), Read: rapid.Uint64Range(0, head).Draw(t, "read"),
			}
			(*s).SaveReceipt(r)
			model.save(r)
		},
		"": func(t *rapid.T) { model.check(t, *s) },
	}
}

func (m *model) check(t *rapid.T, s hub.Store) {
	for _, room := range []string{"a", "b", "комната"} {
		if st := state(t, s, room); st.First != 1 || st.Head != uint64(len(m.logs[room])) {
			t.Fatalf("room %q: %+v, want head %d", room, st, len(m.logs[room]))
		}
		byUser := map[string]hub.Receipt{}
		for _, r := range receipts(t, s, room, 10) {
			byUser[r.User] = r
		}
		for _, user := range []string{"ann", "bob"} {
			want, known := m.receipts[[2]string{room, user}]
			if !known {
				want = hub.Receipt{Room: room, User: user}
			}
			if got := receipt(t, s, room, user); got != want {
				t.Fatalf("receipt %+v, want %+v", got, want)
			}
			if got := byUser[user]; known && got != want {
				t.Fatalf("receipt in the list %s, want %+v", fmt.Sprintf("%+v", got), want)
			}
		}
	}
}
