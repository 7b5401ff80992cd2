package socketio

import (
	"slices"

	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	wire "github.com/vechehq/veche/wire/native"
)

const (
	// maxHistories is how many answers to history may be under way or wait to be sent. Above it requests fail with CodeBusy.
	maxHistories = 4
	// maxAnswer is the size of an answer to history in bytes, unless a single message is larger.
	maxAnswer = 1<<20 - 4<<10
	// messageSize is what a message takes beside its body, about.
	messageSize = 256
)

// page is an answer to history on its way through the outbox.
type page struct {
	to *socketio.Event
	hub.History
}

func (s *session) history(hs *hub.Session, e *socketio.Event, r *wire.History) {
	if !s.mayRead() {
		s.fail(e, r.Room, &hub.Error{Code: hub.CodeBusy, Message: "too many history requests at once", Retry: true})
		return
	}
	hs.History(r.Room, objects.HistoryQuery(r), func(h hub.History, err error) {
		if err != nil {
			s.wasRead()
			s.fail(e, r.Room, err)
			return
		}
		var size int
		h.Messages, size = fit(h.Messages, !r.Forward)
		hs.Reply(&page{e, h}, size)
	})
}

// fit keeps as many messages as an answer may have, from the side that matters: the newest, going backward.
func fit(all []*hub.Message, backward bool) (kept []*hub.Message, size int) {
	n := 0
	for ; n < len(all); n++ {
		m := all[n]
		if backward {
			m = all[len(all)-1-n]
		}
		b := bodySize(m) + messageSize
		if n > 0 && size+b > maxAnswer {
			break
		}
		size += b
	}
	if backward {
		return slices.Clone(all[len(all)-n:]), size
	}
	return slices.Clone(all[:n]), size
}

// bodySize is what a body takes as JSON, at most about.
func bodySize(m *hub.Message) int {
	switch m.Body.Format {
	case hub.Bytes:
		return len(m.Body.Data)*4/3 + 4
	case hub.Text: // control characters, quotes and backslashes grow
		n := len(m.Body.Data)
		for _, c := range m.Body.Data {
			if c < ' ' || c == '"' || c == '\\' {
				n += 5
			}
		}
		return n
	}
	return len(m.Body.Data)
}

func (p *page) encode() *wire.HistoryOK {
	ok := &wire.HistoryOK{Room: p.Room, First: p.First, Head: p.Head, Epoch: p.Epoch}
	for _, m := range p.Messages {
		ok.Messages = append(ok.Messages, object(objects.Message(m)))
	}
	return ok
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
