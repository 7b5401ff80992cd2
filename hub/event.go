package hub

// Event is what a session is told: *Message, *Signal, *ReceiptEvent, *Presence, *Gap, or a gateway's own
// reply (see Session.Reply). Shared events carry Forms.
type Event any

// Presence tells who came to a room and who left it. Changes that come close together are told as
// one. A session that joins, or that missed some, gets a whole one, with everybody in Joined (at most
// Limits.PresenceList); and so do all when there are more changes at once than that.
type Presence struct {
	Room   string
	Whole  bool   // forget who was present before
	Joined []User // only ID and Name are meant
	Left   []User
	Count  int // users present now

	forms Forms
}

// Forms keeps the event's encodings.
func (p *Presence) Forms() *Forms { return &p.forms }

func (p *Presence) size() int { return 128 + 64*(len(p.Joined)+len(p.Left)) }

// Receipt is a user's two watermarks in a room; they only ever grow: 0 ≤ Read ≤ Received ≤ head.
type Receipt struct {
	Room     string
	User     string
	Received uint64
	Read     uint64
}

// ReceiptEvent tells that a user's watermarks have risen.
type ReceiptEvent struct {
	Receipt
	forms Forms
}

// Forms keeps the event's encodings.
func (r *ReceiptEvent) Forms() *Forms { return &r.forms }

const receiptSize = 128

// Gap tells a session that messages From..To will not be pushed to it: it pulls them by History if
// it wants them and they are still there.
type Gap struct {
	Room     string
	From, To uint64
	Why      GapReason
	Epoch    string // of the log that To is meant in
}

const gapSize = 128

// GapReason says why messages were not pushed.
type GapReason string

const (
	GapLag     GapReason = "lag"     // the reader was too slow; the log has them
	GapTrimmed GapReason = "trimmed" // the log no longer has them
	GapEpoch   GapReason = "epoch"   // the log is another one than the reader knew
)
