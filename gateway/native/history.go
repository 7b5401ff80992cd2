package native

import (
	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

// page is an answer to history on its way through the outbox: it is encoded when it is sent.
type page struct {
	id wire.ID
	line.Page
}

func (s *session) history(hs *hub.Session, r *wire.History) {
	if err := s.histories.Begin(); err != nil {
		s.fail(r.ID, r.Room, err)
		return
	}
	hs.History(r.Room, objects.HistoryQuery(r), func(h hub.History, err error) {
		if err != nil {
			s.histories.End()
			s.fail(r.ID, r.Room, err)
			return
		}
		p := &page{r.ID, line.Page{History: h, Backward: !r.Forward}}
		s.replySized(p, p.Cut(func(m *hub.Message) int { return len(m.Body.Data) + line.MessageSize }))
	})
}

// encode makes the answer, of as many messages as fit.
func (p *page) encode() *wire.HistoryOK {
	p.Cut(func(m *hub.Message) int { return len(messageFrame(m).Data()) + 1 })
	ok := &wire.HistoryOK{ID: p.id, Room: p.Room, First: p.First, Head: p.Head, Epoch: p.Epoch}
	for _, m := range p.Messages {
		ok.Messages = append(ok.Messages, messageFrame(m).Data())
	}
	return ok
}
