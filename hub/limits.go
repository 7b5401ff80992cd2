package hub

// Limits bounds what clients may make the hub hold. A zero field means its default.
type Limits struct {
	Body         int // bytes of a message's or signal's body; 64 KiB
	Outbox       int // events waiting in a session's outbox; 1,024
	OutboxBytes  int // and their bytes; 1 MiB
	Unanswered   int // requests of a session that wait for an answer, or whose answer waits; 256
	SessionRooms int // rooms that one session is in; 256
	Sessions     int // sessions of this hub; 1,000,000
	Rooms        int // rooms that are open because somebody uses them; 100,000
	IdleRooms    int // rooms kept open that nobody uses now; 1,000
	PresenceList int // users named in a presence snapshot; 200
	ReceiptList  int // receipts named in an answer to join; 100
	History      int // messages in one answer to history; 200
	Readers      int // reads of the store at a time; 16
}

func (l Limits) withDefaults() Limits {
	for _, d := range []struct {
		field *int
		value int
	}{
		{&l.Body, 64 << 10},
		{&l.Outbox, 1024},
		{&l.OutboxBytes, 1 << 20},
		{&l.Unanswered, 256},
		{&l.SessionRooms, 256},
		{&l.Sessions, 1_000_000},
		{&l.Rooms, 100_000},
		{&l.IdleRooms, 1000},
		{&l.PresenceList, 200},
		{&l.ReceiptList, 100},
		{&l.History, 200},
		{&l.Readers, 16},
	} {
		if *d.field <= 0 {
			*d.field = d.value
		}
	}
	return l
}
