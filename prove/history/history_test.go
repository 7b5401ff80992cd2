package history

import (
	"fmt"
	"slices"
	"testing"
)

// good is a history in which every promise holds: two senders, nine messages, one send that was
// never acknowledged and is there, one that is not, a reader from the start and one from seq 4 who
// sees bodies only.
func good() *History {
	h := &History{}
	for i := range 9 {
		sender := []string{"ann", "bob"}[i%2]
		e := Entry{Seq: uint64(i) + 1, Sender: sender, CID: fmt.Sprint("c", i), Body: fmt.Sprint(sender, i)}
		h.Log = append(h.Log, e)
		h.Sends = append(h.Sends, Send{Sender: sender, CID: e.CID, Body: e.Body, Seq: e.Seq})
	}
	h.Sends[7].Seq = 0
	h.Sends = append(h.Sends, Send{Sender: "bob", CID: "c9", Body: "bob9"})
	h.Reads = []Read{
		{Reader: "native", Entries: slices.Clone(h.Log)},
		{Reader: "raw", After: 4},
	}
	for _, e := range h.Log[4:] {
		h.Reads[1].Entries = append(h.Reads[1].Entries, Entry{Seq: e.Seq, Body: e.Body})
	}
	return h
}

func TestAGoodHistoryPasses(t *testing.T) {
	if got := good().Check(); len(got) != 0 {
		t.Errorf("breaches in a good history: %v", got)
	}
}

func TestALateMessageHasNoPlace(t *testing.T) {
	h := good()
	h.Log[2], h.Log[4] = h.Log[4], h.Log[2]
	h.Log[2].Seq, h.Log[4].Seq = 3, 5
	h.Sends[2].Seq, h.Sends[4].Seq = 5, 3
	h.Reads = nil
	if got := h.Check(); len(got) != 1 || got[0].Kind != Swapped {
		t.Errorf("swapped: %v", got)
	}
	h.Sends[2].Late = true // refused at first
	if got := h.Check(); len(got) != 0 {
		t.Errorf("late: %v", got)
	}
}

func TestPlantedBreachesAreFound(t *testing.T) {
	renumber := func(log []Entry) {
		for i := range log {
			log[i].Seq = uint64(i) + 1
		}
	}
	tests := []struct {
		name  string
		plant func(h *History)
		want  Kind
	}{
		{"the log lost an acknowledged message", func(h *History) {
			h.Log = slices.Delete(h.Log, 4, 5)
			renumber(h.Log)
			h.Reads = nil
		}, Lost},
		{"the log lost its last message", func(h *History) { h.Log = h.Log[:8] }, Lost},
		{"the log has a retried message twice", func(h *History) {
			again := h.Log[7]
			again.Seq = 10
			h.Log = append(h.Log, again)
			h.Reads = nil
		}, Doubled},
		{"the log has two messages of one sender swapped", func(h *History) {
			h.Log[2], h.Log[4] = h.Log[4], h.Log[2]
			renumber(h.Log)
			for i := range h.Sends {
				h.Sends[i].Seq = 0
			}
			h.Reads = nil
		}, Swapped},
		{"the log has a hole", func(h *History) { h.Log = slices.Delete(h.Log, 7, 8); h.Reads = nil }, Hole},
		{"the log has what nobody sent", func(h *History) {
			h.Log = append(h.Log, Entry{Seq: 10, Sender: "eve", Body: "eve0"})
			h.Reads = nil
		}, Stranger},
		{"an acknowledgement told another seq", func(h *History) { h.Sends[3].Seq = 5 }, Forged},
		{"a reader missed a message", func(h *History) { h.Reads[0].Entries = slices.Delete(h.Reads[0].Entries, 3, 4) }, Hole},
		{"a reader missed the first", func(h *History) { h.Reads[1].Entries = h.Reads[1].Entries[1:] }, Hole},
		{"a reader missed the last", func(h *History) { h.Reads[1].Entries = h.Reads[1].Entries[:4] }, Lost},
		{"a reader got a message twice", func(h *History) {
			h.Reads[0].Entries = slices.Insert(h.Reads[0].Entries, 5, h.Reads[0].Entries[4])
		}, Doubled},
		{"a reader got two messages in another order", func(h *History) {
			es := h.Reads[0].Entries
			es[5], es[6] = es[6], es[5]
		}, Doubled},
		{"a reader who counts got two messages in another order", func(h *History) {
			es := h.Reads[1].Entries
			es[1].Body, es[2].Body = es[2].Body, es[1].Body
		}, Altered},
		{"a reader got another text", func(h *History) { h.Reads[0].Entries[2].Body = "changed" }, Altered},
		{"a reader got another sender", func(h *History) { h.Reads[0].Entries[2].Sender = "bob" }, Altered},
		{"a reader got more than the log has", func(h *History) {
			h.Reads[0].Entries = append(h.Reads[0].Entries, Entry{Seq: 10, Body: "bob9"})
		}, Stranger},
	}
	for _, tt := range tests {
		h := good()
		tt.plant(h)
		got := h.Check()
		if !slices.ContainsFunc(got, func(b Breach) bool { return b.Kind == tt.want }) {
			t.Errorf("%s: got %v, want one that is %s", tt.name, got, tt.want)
		}
	}
}
