package native

import (
	"errors"
	"time"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

// End is the hub's: it ends the session.
func (s *session) End(cause error) {
	e := hub.AsError(cause)
	bye := &wire.Bye{Code: string(e.Code), Message: e.Message, Retry: e.Retry}
	if drain, ok := errors.AsType[*hub.Bye](cause); ok {
		bye.After = drain.After
	}
	s.partWith(bye, e, cause)
}

// again says when a client that comes back by itself is to do so.
func again(bye wire.Event) time.Duration {
	b, ok := bye.(*wire.Bye)
	switch {
	case !ok, b.Retry && b.After == 0:
		return 0
	case !b.Retry:
		return -1
	}
	return max(b.After, time.Millisecond)
}

// refuse ends a connection that has no session: an error, then the close.
func (s *session) refuse(id wire.ID, err error) {
	e := hub.AsError(err)
	s.partWith(refusal(id, "", e), e, err)
}

func (s *session) partWith(last wire.Event, e *hub.Error, cause error) {
	s.part(&line.Farewell{
		Say: func() {
			if s.trail != nil {
				s.trail.guide.Retry(again(last))
			}
			s.send(last)
		},
		Code:   wire.CloseCode(string(e.Code), e.Retry),
		Reason: reason(e),
		Cause:  cause,
	})
}

func (s *session) part(f *line.Farewell) {
	s.calm()
	s.Part(f)
	if s.trail != nil {
		s.trail.guide.Part()
	}
}

func refusal(id wire.ID, room string, e *hub.Error) *wire.Error {
	return &wire.Error{ID: id, Code: string(e.Code), Message: e.Message, Retry: e.Retry, Room: room}
}

// reason is for the close frame.
func reason(e *hub.Error) string { return e.Error() }
