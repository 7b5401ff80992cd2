package socketio

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	wire "github.com/vechehq/veche/wire/socketio"
)

// RecoveryOptions are Socket.IO's connectionStateRecovery. The zero value is its default: two minutes, in memory.
type RecoveryOptions struct {
	// MaxDisconnection is how long a socket may be away; 0 means for as long as the journal goes back.
	MaxDisconnection time.Duration
	// SkipMiddleware has a socket that recovers not be asked by the namespace's middleware.
	SkipMiddleware bool
	// Journal keeps what is needed. Nil means Options.Journal, else one in memory for MaxDisconnection.
	Journal Journal
	// Data makes what Socket.Data of a recovered socket is decoded into, a pointer; nil means what encoding/json gives to an any.
	Data func() any
}

// Recoverable has the namespace's sockets come back after a disconnection with their id, rooms and Data, and with all that was emitted
// to them meanwhile, in order: Emit of the namespace, of a Broadcast and of a Socket, but not what is volatile or asks for an answer, as
// npm's, nor, where there are several nodes, what is Local. It is sent when the journal keeps it, with its offset as one more
// argument; what is not kept has null there if its last argument is a string, since clients would take that for an offset. Nil options are
// the defaults.
//
// Rooms are kept as they change, Data as Socket.Save has it.
func (n *Namespace) Recoverable(o *RecoveryOptions) {
	h := &history{namespace: n}
	if o != nil {
		h.options = *o
	}
	if h.options.Journal == nil {
		h.options.Journal = n.server.options.Journal
	}
	if h.options.Journal == nil {
		h.options.Journal = NewMemoryJournal(h.options.MaxDisconnection)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.history = h
}

// history is what a recoverable namespace keeps.
//
// Lock order: history.mu → Namespace.mu.
type history struct {
	namespace *Namespace      // immutable
	options   RecoveryOptions // immutable

	seen atomic.Uint64 // all records up to here were pushed to this node's sockets; written with mu held

	mu      sync.Mutex // guards what follows
	loaded  bool       // seen is known
	known   uint64     // the log has grown to here, at least
	reading bool       // a goroutine reads up to known
	waiting bool       // it will be tried again, since the journal could not be read
	told    []func()   // tell OnAnyOutgoing of what was pushed, once mu is released
}

// record is one event in the journal.
type record struct {
	Rooms       []string        `json:"rooms,omitempty"`
	Except      []string        `json:"except,omitempty"`
	Data        json.RawMessage `json:"data"`
	Attachments [][]byte        `json:"attachments,omitempty"`
}

// state is a socket in the journal.
type state struct {
	ID    string          `json:"id"`
	Rooms []string        `json:"rooms,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
	From  uint64          `json:"from"`            // all up to here the client had when it came
	Since string          `json:"since,omitempty"` // with this offset
	Last  uint64          `json:"last,omitempty"`  // the last that it was sent, when it went
	Until uint64          `json:"until,omitempty"` // what was seen when it went
	Gone  time.Time       `json:"gone,omitzero"`
}

// tie is a socket's to its history.
type tie struct {
	history *history
	pid     string // empty if another socket has taken over; guarded by Socket.mu
	from    uint64
	since   string
	last    atomic.Uint64 // the last record that was pushed
}

func (h *history) log() string           { return "log " + h.namespace.name }
func (h *history) key(pid string) string { return "socket " + h.namespace.name + " " + pid }

// emit keeps an event, and has it sent when that is done. Nodes with a journal of their own keep it each in theirs.
func (h *history) emit(b *Broadcast, p *wire.Packet) error {
	if _, own := h.options.Journal.(*memoryJournal); own {
		b.tell(order{Do: "emit", Data: p.Data, Attachments: p.Attachments})
	}
	r := record{Rooms: b.rooms, Except: b.except, Data: p.Data, Attachments: p.Attachments}
	if b.self != nil {
		r.Except = append(slices.Clip(r.Except), b.self.id)
	}
	return h.keep(&r)
}

func (h *history) keep(r *record) error {
	data, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("socketio: %w", err)
	}
	h.options.Journal.Append(h.log(), data, func(number uint64, err error) {
		if err != nil {
			h.namespace.server.options.Log.Error("socket.io: an event is not kept, and not sent", "namespace", h.namespace.name, "err", err)
			return
		}
		h.deliver(number, r)
		if _, own := h.options.Journal.(*memoryJournal); !own {
			h.namespace.operator().tell(order{Do: "grown", Number: number})
		}
	})
	return nil
}

// deliver pushes a record, or has all be read that comes before it.
func (h *history) deliver(number uint64, r *record) {
	h.mu.Lock()
	defer h.unlock()
	switch {
	case !h.loaded: // so nobody is here
	case number == h.seen.Load()+1 && !h.reading:
		h.push(number, r)
	default:
		h.grown(number)
	}
}

// unlock releases mu, and tells OnAnyOutgoing of what was pushed meanwhile.
func (h *history) unlock() {
	told := h.told
	h.told = nil
	h.mu.Unlock()
	for _, tell := range told {
		tell()
	}
}

// hear is told by another node that the log has grown.
func (h *history) hear(number uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.loaded {
		h.grown(number)
	}
}

// grown has a goroutine read up to a number. mu is held.
func (h *history) grown(number uint64) {
	h.known = max(h.known, number)
	if h.reading || h.known <= h.seen.Load() {
		return
	}
	h.reading = true
	go func() { // spawn would need a lock that comes before
		if !h.namespace.server.spawn(func() { h.read() }) {
			h.mu.Lock()
			h.reading = false
			h.mu.Unlock()
		}
	}()
}

// push sends a record to who is here. mu is held, and is to be released by unlock.
func (h *history) push(number uint64, r *record) {
	b := &Broadcast{namespace: h.namespace, rooms: r.Rooms, except: r.Except, number: number}
	p := h.packet(number, r)
	if overheard := b.push(p); len(overheard) > 0 {
		h.told = append(h.told, func() { show(overheard, p, true) })
	}
	h.seen.Store(number) // not before: who parts meanwhile would count as seen what it was not sent
}

// packet makes a record's packet: the event with its offset.
func (h *history) packet(number uint64, r *record) *wire.Packet {
	data := make([]byte, 0, len(r.Data)+24)
	data = append(data, r.Data[:len(r.Data)-1]...)
	data = append(strconv.AppendUint(append(data, `,"`...), number, 10), `"]`...)
	return &wire.Packet{Type: wire.Event, Namespace: h.namespace.name, Data: data, Attachments: r.Attachments}
}

// batch is how many records are read at a time.
const batch = 128

// read pushes what is known and was not seen. It returns false if the journal cannot be read: who is here then waits, and misses
// nothing.
func (h *history) read() bool {
	h.mu.Lock()
	defer h.unlock()
	for h.seen.Load() < h.known {
		seen := h.seen.Load()
		h.unlock()
		records, err := h.records(seen+1, batch)
		h.mu.Lock()
		switch {
		case h.seen.Load() != seen: // somebody else has read
		case errors.Is(err, ErrTrimmed), errors.Is(err, errRecord):
			h.namespace.server.options.Log.Error("socket.io: events are missing in the journal", "namespace", h.namespace.name, "from", seen+1, "to", h.known, "err", err)
			h.seen.Store(h.known)
		case err != nil || len(records) == 0:
			h.namespace.server.options.Log.Error("socket.io: the journal cannot be read", "namespace", h.namespace.name, "from", seen+1, "err", err)
			h.reading = false
			h.readLater()
			return false
		default:
			for i := range records {
				h.push(seen+1+uint64(i), &records[i])
			}
		}
	}
	h.reading = false
	return true
}

// retry is after how long a journal that could not be read is asked again.
const retry = time.Second

// readLater has the journal be read again in a while. mu is held.
func (h *history) readLater() {
	if h.waiting {
		return
	}
	h.waiting = true
	time.AfterFunc(retry, func() {
		h.mu.Lock()
		defer h.unlock()
		h.waiting = false
		h.grown(h.known)
	})
}

// errRecord is a record that is none.
var errRecord = errors.New("socketio: a record of the journal cannot be read")

func (h *history) records(from uint64, limit int) ([]record, error) {
	texts, err := h.options.Journal.Read(h.log(), from, limit)
	if err != nil {
		return nil, err
	}
	all := make([]record, len(texts))
	for i, text := range texts {
		if err := json.Unmarshal(text, &all[i]); err != nil || len(all[i].Data) < 2 {
			return nil, errRecord
		}
	}
	return all, nil
}

// load learns how far the log is.
func (h *history) load() error {
	h.mu.Lock()
	loaded := h.loaded
	h.mu.Unlock()
	if loaded {
		return nil
	}
	head, err := h.options.Journal.Head(h.log())
	if err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.loaded {
		h.loaded, h.known = true, head
		h.seen.Store(head)
	}
	return nil
}

// recovering is a socket that comes back.
type recovering struct {
	pid    string
	state  state
	since  string // the client's offset
	from   uint64 // what the client has
	at     uint64 // all up to here was looked at
	bytes  int    // of missed
	missed []*encoded
	last   uint64 // the number of the last of missed
}

// find looks whether a client can come back.
func (h *history) find(s *Socket) *recovering {
	pid, offset := s.past()
	if pid == "" {
		return nil
	}
	text, err := h.options.Journal.Kept(h.key(pid))
	r := &recovering{pid: pid, since: offset}
	if err != nil || len(text) == 0 || json.Unmarshal(text, &r.state) != nil {
		return nil
	}
	st := &r.state
	if h.options.MaxDisconnection > 0 && !st.Gone.IsZero() && time.Since(st.Gone) > h.options.MaxDisconnection {
		return nil
	}
	r.at = st.From
	if offset != st.Since { // it has got something since it came
		if r.at, err = strconv.ParseUint(offset, 10, 64); err != nil || r.at < st.From {
			return nil
		}
	}
	if !st.Gone.IsZero() && r.at >= max(st.Last, st.From) {
		r.at = max(r.at, st.Until) // it has all that there was
	}
	r.from = r.at
	return r
}

// collect collects what was emitted to the client, and returns with mu held when it has all. If that cannot be had it returns false.
func (h *history) collect(r *recovering) bool {
	if head, err := h.options.Journal.Head(h.log()); err != nil || r.at > head {
		return false
	}
	for {
		h.mu.Lock()
		seen := h.seen.Load()
		if r.at == seen {
			return true
		}
		h.known = max(h.known, r.at)
		h.mu.Unlock()
		if r.at > seen { // another node was faster
			if !h.read() {
				return false
			}
			continue
		}
		records, err := h.records(r.at+1, int(min(batch, seen-r.at)))
		if err != nil || len(records) == 0 {
			return false
		}
		for i := range records {
			r.at++
			if !r.state.meant(&records[i]) {
				continue
			}
			e := encode(h.packet(r.at, &records[i]))
			if r.bytes += e.size; r.bytes > h.namespace.server.options.Buffer {
				return false
			}
			r.missed, r.last = append(r.missed, e), r.at
		}
	}
}

// meant reports whether a record is for the socket.
func (st *state) meant(r *record) bool {
	in := func(room string) bool { return room == st.ID || slices.Contains(st.Rooms, room) }
	return (len(r.Rooms) == 0 || slices.ContainsFunc(r.Rooms, in)) && !slices.ContainsFunc(r.Except, in)
}

// admit lets a socket in, where it was cut off if r can be recovered.
func (h *history) admit(s *Socket, r *recovering) {
	if r == nil || !h.collect(r) {
		h.mu.Lock()
		r = &recovering{pid: rand.Text(), from: h.seen.Load()}
	} else {
		s.resume(r, h.options.Data)
	}
	defer h.mu.Unlock()
	t := &tie{history: h, pid: r.pid, from: r.from, since: r.since}
	t.last.Store(max(r.from, r.last))
	s.mu.Lock()
	m := s.more()
	m.tie, m.data = t, r.state.Data
	s.mu.Unlock()
	s.Join(r.state.Rooms...)
	s.accept(r.pid)
	for _, e := range r.missed {
		s.client.push(e, false)
	}
}

// resume makes a socket the one that it was.
func (s *Socket) resume(r *recovering, data func() any) {
	s.id, s.recovered = r.state.ID, true
	if r.state.Data != nil {
		var v any
		if data != nil {
			v = data()
			_ = json.Unmarshal(r.state.Data, v) // as far as it fits
		} else {
			_ = json.Unmarshal(r.state.Data, &v) // it was marshaled here
		}
		s.Data = v
	}
	supersede(&Broadcast{namespace: s.namespace, rooms: []string{s.id}, local: true})
	s.namespace.To(s.id).tell(order{Do: "superseded"})
}

// supersede has the socket that b chooses, whose connection may be dead without our knowing it, make way for another.
func supersede(b *Broadcast) {
	for _, before := range b.sockets() {
		before.untie()
		before.Disconnect(true)
	}
}

// reached is told which record was pushed to the socket.
func (s *Socket) reached(number uint64) {
	s.mu.Lock()
	t := s.few().tie
	s.mu.Unlock()
	if t != nil {
		t.last.Store(number)
	}
}

// untie has the socket's state be kept no more.
func (s *Socket) untie() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.few().tie; t != nil {
		t.pid = ""
	}
}

// Save keeps Data as it is now, for a recovery and for FetchSockets of other nodes. It is called by itself after the handlers of the
// connection, and at the end after the events that came before.
func (s *Socket) Save() { s.saveData(nil) }

func (s *Socket) saveData(change func(*state)) {
	var data json.RawMessage
	if s.Data != nil {
		data, _ = json.Marshal(s.Data) // what cannot be marshaled is not kept
	}
	s.mu.Lock()
	if data != nil || s.seldom != nil {
		s.more().data = data
	}
	s.mu.Unlock()
	s.save(change)
}

// save keeps the socket's state; change may add to it.
func (s *Socket) save(change func(*state)) {
	s.mu.Lock()
	t := s.few().tie
	if t == nil || t.pid == "" || s.ended && change == nil {
		s.mu.Unlock()
		return
	}
	st := state{ID: s.id, Rooms: s.rooms, Data: s.seldom.data, From: t.from, Since: t.since}
	if change != nil {
		change(&st)
	}
	data, err := json.Marshal(st)
	if err == nil {
		t.history.options.Journal.Keep(t.history.key(t.pid), data)
	}
	s.mu.Unlock()
}

// saved reports whether the socket's Data is of use to others.
func (s *Socket) saved() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.namespace.server.nodes != nil || s.few().tie != nil
}

// parted keeps how far the client was, or forgets it if it went for good.
func (s *Socket) parted(reason string) {
	if reason == "client namespace disconnect" || reason == "server namespace disconnect" {
		s.mu.Lock()
		defer s.mu.Unlock()
		if t := s.few().tie; t != nil && t.pid != "" {
			t.history.options.Journal.Keep(t.history.key(t.pid), nil)
		}
		return
	}
	s.mu.Lock()
	t := s.few().tie
	s.mu.Unlock()
	if t == nil {
		return
	}
	until := t.history.seen.Load() // before last: what is pushed meanwhile the client may not have
	last, gone := t.last.Load(), time.Now()
	s.queue(func() {
		s.saveData(func(st *state) { st.Last, st.Until, st.Gone = last, until, gone })
	})
}
