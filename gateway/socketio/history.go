package socketio

import (
	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	wire "github.com/vechehq/veche/wire/native"
)

// page is an answer to history on its way through the outbox.
type page struct {
	to *socketio.Event
	line.Page
}

func (s *session) history(hs *hub.Session, e *socketio.Event, r *wire.History) {
	if err := s.histories.Begin(); err != nil {
		s.fail(e, r.Room, err)
		return
	}
	hs.History(r.Room, objects.HistoryQuery(r), func(h hub.History, err error) {
		if err != nil {
			s.histories.End()
			s.fail(e, r.Room, err)
			return
		}
		p := &page{e, line.Page{History: h, Backward: !r.Forward}}
		hs.Reply(p, p.Cut(func(m *hub.Message) int { return bodySize(m) + line.MessageSize }))
	})
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
