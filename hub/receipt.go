package hub

import (
	"cmp"
	"slices"
	"strings"
)

// marks knows users' watermarks in a room: of those who are present, and of the foremost others.
//
// Invariant: read ≤ received ≤ head, for each.
type marks struct {
	users    map[string]Receipt
	changed  map[string]struct{} // since the last flush
	complete bool                // users has all that the store has: who is not in it has no receipt
}

// absent is how many receipts of users who are not present are kept in memory; the store has all.
const absent = 1000

// load takes the receipts that the store has, of which it was asked for absent.
func (k *marks) load(receipts []Receipt) {
	for _, rc := range receipts {
		k.users[rc.User] = rc
	}
	k.complete = len(receipts) < absent
}

// knows reports whether the store has nothing to say about a user that is not known here.
func (k *marks) knows(user string) bool {
	_, ok := k.users[user]
	return ok || k.complete
}

// raise lifts a user's watermarks and returns the receipt if one of them rose.
func (k *marks) raise(rc Receipt, head uint64) (Receipt, bool) {
	was := k.users[rc.User]
	now := Receipt{Room: rc.Room, User: rc.User}
	now.Read = max(was.Read, min(rc.Read, head))
	now.Received = max(was.Received, min(rc.Received, head), now.Read)
	if now.Read == was.Read && now.Received == was.Received {
		return now, false
	}
	k.users[rc.User] = now
	k.changed[rc.User] = struct{}{}
	return now, true
}

// know takes a receipt that was read from the store.
func (k *marks) know(rc Receipt) {
	if _, known := k.users[rc.User]; !known && rc.Received > 0 {
		k.users[rc.User] = rc
	}
}

func (k *marks) of(room, user string) Receipt {
	if rc, ok := k.users[user]; ok {
		return rc
	}
	return Receipt{Room: room, User: user}
}

// list returns the receipts of others than except, the highest first, at most limit.
func (k *marks) list(except string, limit int) []Receipt {
	var all []Receipt
	for user, rc := range k.users {
		if user != except {
			all = append(all, rc)
		}
	}
	slices.SortFunc(all, func(a, b Receipt) int {
		return cmp.Or(cmp.Compare(b.Received, a.Received), strings.Compare(a.User, b.User))
	})
	return all[:min(limit, len(all))]
}

// gone forgets a user who left, when many are kept.
func (k *marks) gone(user string) {
	if _, untold := k.changed[user]; !untold && len(k.users) > absent {
		delete(k.users, user)
		k.complete = false
	}
}

func (k *marks) flush() []*ReceiptEvent {
	if len(k.changed) == 0 {
		return nil
	}
	var out []*ReceiptEvent
	for user := range k.changed {
		out = append(out, &ReceiptEvent{Receipt: k.users[user]})
	}
	clear(k.changed)
	slices.SortFunc(out, func(a, b *ReceiptEvent) int { return strings.Compare(a.User, b.User) })
	return out
}
