package native

import (
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

const (
	// maxHistories is how many answers to history may be under way or wait to be sent. Above it
	// requests fail with CodeBusy.
	maxHistories = 4
	// maxAnswer is the size of an answer to history in bytes, unless a single message is larger.
	maxAnswer = 1<<20 - 4<<10
	// overhead of a message is what it takes beside its body, about.
	overhead = 256
)

// page is an answer to history on its way through the outbox: it is encoded when it is sent.
type page struct {
	id       wire.ID
	backward bool // the newest messages matter most
	hub.History
}

func (s *session) history(hs *hub.Session, r *wire.History) {
	if !s.mayRead() {
		s.fail(r.ID, r.Room, &hub.Error{Code: hub.CodeBusy, Message: "too many history requests at once", Retry: true})
		return
	}
	hs.History(r.Room, objects.HistoryQuery(r), func(h hub.History, err error) {
		if err != nil {
			s.wasRead()
			s.fail(r.ID, r.Room, err)
		} else {
			p := &page{id: r.ID, backward: !r.Forward, History: h}
			s.replySized(p, p.trim())
		}
	})
}

func (s *session) mayRead() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.histories == maxHistories {
		return false
	}
	s.histories++
	return true
}

func (s *session) wasRead() {
	s.mu.Lock()
	s.histories--
	s.mu.Unlock()
}

// trim lets go of messages that will not fit into the answer anyway, before it waits in the outbox.
func (p *page) trim() (size int) {
	n := p.fit(func(m *hub.Message) int { return len(m.Body.Data) + overhead }, &size)
	p.cut(n)
	return size
}

// fit counts how many messages, from the side that matters most, have maxAnswer bytes together; at
// least one.
func (p *page) fit(measure func(*hub.Message) int, total *int) (n int) {
	for n < len(p.Messages) {
		size := measure(p.at(n))
		if n > 0 && *total+size > maxAnswer {
			break
		}
		*total += size
		n++
	}
	return n
}

// at is the i-th message from the side that matters most.
func (p *page) at(i int) *hub.Message {
	if p.backward {
		return p.Messages[len(p.Messages)-1-i]
	}
	return p.Messages[i]
}

// cut keeps n messages, in a slice of their own.
func (p *page) cut(n int) {
	rest := p.Messages[:n]
	if p.backward {
		rest = p.Messages[len(p.Messages)-n:]
	}
	p.Messages = append([]*hub.Message(nil), rest...)
}

// encode makes the answer, of as many messages as fit.
func (p *page) encode() *wire.HistoryOK {
	size := 0
	p.cut(p.fit(func(m *hub.Message) int { return len(messageFrame(m).Data()) + 1 }, &size))
	ok := &wire.HistoryOK{ID: p.id, Room: p.Room, First: p.First, Head: p.Head, Epoch: p.Epoch}
	for _, m := range p.Messages {
		ok.Messages = append(ok.Messages, messageFrame(m).Data())
	}
	return ok
}
