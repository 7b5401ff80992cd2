package memory

import (
	"cmp"
	"slices"

	"github.com/vechehq/veche/hub"
)

// receipts are a room's watermarks by user.
type receipts map[string]marks

type marks struct{ received, read uint64 } // read ≤ received

func (r *room) saveReceipt(n hub.Receipt) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.receipts == nil {
		r.receipts = make(receipts)
	}
	old := r.receipts[n.User]
	r.receipts[n.User] = marks{
		received: max(old.received, n.Received, n.Read),
		read:     max(old.read, n.Read),
	}
	if len(r.receipts) > r.options.Receipts {
		r.receipts.halve()
	}
}

// halve forgets the half that received least, so that the work is done seldom.
func (rs receipts) halve() {
	all := rs.sorted("")
	for _, r := range all[len(all)/2:] {
		delete(rs, r.User)
	}
}

func (rs receipts) sorted(room string) []hub.Receipt {
	all := make([]hub.Receipt, 0, len(rs))
	for user, m := range rs {
		all = append(all, hub.Receipt{Room: room, User: user, Received: m.received, Read: m.read})
	}
	slices.SortFunc(all, func(a, b hub.Receipt) int {
		return cmp.Or(cmp.Compare(b.Received, a.Received), cmp.Compare(a.User, b.User))
	})
	return all
}

func (r *room) highest(limit int) []hub.Receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.receipts.sorted(r.name)
	return all[:max(0, min(limit, len(all)))]
}

func (r *room) receipt(user string) hub.Receipt {
	r.mu.Lock()
	defer r.mu.Unlock()
	m := r.receipts[user]
	return hub.Receipt{Room: r.name, User: user, Received: m.received, Read: m.read}
}
