package client

import (
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/wire/native"
)

// board is a host that writes down what it is told.
type board struct {
	told []string
	free int
	asks []ask
}

type ask struct {
	after      uint64
	limit, era int
}

func (b *board) deliver(m *native.Message) {
	b.told = append(b.told, fmt.Sprint(m.Seq))
	b.free--
}
func (b *board) gap(from, to uint64, why Why) {
	b.told = append(b.told, fmt.Sprintf("%s %d-%d", why, from, to))
}
func (b *board) room() int                        { return b.free }
func (b *board) ask(after uint64, limit, era int) { b.asks = append(b.asks, ask{after, limit, era}) }

func newSequence(last uint64, epoch string) (*sequence, *board) {
	b := &board{free: 1 << 20}
	return &sequence{host: b, known: true, last: last, epoch: epoch}, b
}

func message(seq uint64) *native.Message { return &native.Message{Room: "r", Seq: seq} }

func messages(from, to uint64) (ms []*native.Message) {
	for seq := from; seq <= to; seq++ {
		ms = append(ms, message(seq))
	}
	return ms
}

func (b *board) want(t *testing.T, what string, told ...string) {
	t.Helper()
	if diff := cmp.Diff(told, b.told); diff != "" {
		t.Errorf("%s: -want +got\n%s", what, diff)
	}
	b.told = nil
}

// The vectors of the protocol: what every client does with what is pushed.
func TestOrderVectors(t *testing.T) {
	text, err := os.ReadFile("../wire/native/testdata/order.json")
	if err != nil {
		t.Fatal(err)
	}
	var vectors []struct {
		Name    string
		Last    *uint64
		Epoch   string
		Receive []json.RawMessage
		Deliver []uint64
		Ask     []struct{ After uint64 }
		End     uint64
	}
	if err := json.Unmarshal(text, &vectors); err != nil {
		t.Fatal(err)
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			var got []uint64
			b := &listing{board: board{free: 1 << 20}, seqs: &got}
			q := &sequence{host: b}
			if v.Last != nil {
				q.begin(*v.Last)
				q.epoch = v.Epoch
			}
			answered := 0
			for _, text := range v.Receive {
				e, err := native.DecodeEvent(text)
				if err != nil {
					t.Fatal(err)
				}
				switch e := e.(type) {
				case *native.JoinOK:
					q.joined(e, v.Last == nil)
				case *native.Message:
					q.push(e)
				case *native.Gap:
					q.pushGap(e)
				case *native.HistoryOK:
					a := b.asks[answered]
					answered++
					q.read(a.after, a.era, e, messagesOf(e))
				default:
					t.Fatalf("what is %T?", e)
				}
			}
			var asked []struct{ After uint64 }
			for _, a := range b.asks {
				asked = append(asked, struct{ After uint64 }{a.after})
			}
			if diff := cmp.Diff(v.Deliver, got); diff != "" {
				t.Errorf("delivered: -want +got\n%s", diff)
			}
			if len(asked)+len(v.Ask) > 0 {
				if diff := cmp.Diff(v.Ask, asked); diff != "" {
					t.Errorf("asked: -want +got\n%s", diff)
				}
			}
			if q.last != v.End {
				t.Errorf("last is %d, want %d", q.last, v.End)
			}
		})
	}
}

// listing is a board that keeps the seqs.
type listing struct {
	board
	seqs *[]uint64
}

func (l *listing) deliver(m *native.Message) { *l.seqs = append(*l.seqs, m.Seq) }

func TestSequenceWaitsForItsHost(t *testing.T) {
	q, b := newSequence(0, "k")
	b.free = 2
	for _, m := range messages(1, 3+maxHeld) {
		q.push(m)
	}
	b.want(t, "a host with room for two", "1", "2")
	if len(b.asks) != 0 || len(q.held) != maxHeld {
		t.Fatalf("asked %v with %d held", b.asks, len(q.held))
	}
	b.free = 1 << 20
	q.eased()
	if got := len(b.told); got != maxHeld {
		t.Fatalf("%d of what was held were delivered", got)
	}
	b.told = nil
	if want := (ask{2 + maxHeld, native.MaxHistory, q.era}); len(b.asks) != 1 || b.asks[0] != want {
		t.Fatalf("what was let go is asked for by %v, want %v", b.asks, want)
	}
	q.push(message(4 + maxHeld))
	q.read(2+maxHeld, q.era, &native.HistoryOK{Epoch: "k", Head: 4 + maxHeld}, messages(3+maxHeld, 3+maxHeld))
	b.want(t, "the page, then what came meanwhile", fmt.Sprint(3+maxHeld), fmt.Sprint(4+maxHeld))
}

func TestSequenceForgetsAnswersOfAnEarlierTime(t *testing.T) {
	q, b := newSequence(4, "k")
	q.pushGap(&native.Gap{From: 5, To: 9, Why: "lag"})
	era := b.asks[0].era
	q.lost()
	q.joined(&native.JoinOK{Head: 9, Epoch: "k"}, false)
	q.push(message(5))
	q.read(4, era, &native.HistoryOK{Epoch: "k", Head: 9}, messages(5, 9))
	b.want(t, "the answer came too late", "5")
}

func TestSequenceTellsWhatIsLost(t *testing.T) {
	q, b := newSequence(4, "k")
	q.pushGap(&native.Gap{From: 5, To: 9, Why: "lag"})
	q.read(4, q.era, &native.HistoryOK{Epoch: "k", Head: 9}, messages(7, 9))
	b.want(t, "the log was trimmed meanwhile", "trimmed 5-6", "7", "8", "9")

	q.pushGap(&native.Gap{From: 10, To: 12, Why: "lag"})
	q.read(9, q.era, nil, nil)
	b.want(t, "the server does not answer", "lag 10-12")

	q.pushGap(&native.Gap{From: 13, To: 14, Why: "lag"})
	q.read(12, q.era, &native.HistoryOK{Epoch: "z", Head: 1001}, nil)
	b.want(t, "the log is another", "epoch 1-1")
}
