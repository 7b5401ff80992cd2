package veche

import (
	"net/http"
	"time"

	"github.com/vechehq/veche/transport"
)

// settling is after how long a poll that waits in net/http, which has two buffers and two goroutines for it, is
// taken from there: that costs as much as a request.
const settling = 250 * time.Millisecond

// ownGoroutine is from how many bytes on an answer is written by a goroutine of its own, since it may be compressed
// and others wait.
const ownGoroutine = 16 << 10

// await answers a poll when there is something to say. Meanwhile it costs no goroutine where it is at the door's.
func (s *Server) await(w http.ResponseWriter, r *http.Request, ask transport.Ask) {
	if r.Context().Err() != nil {
		return // it would end the poll that the client has come back with
	}
	takes := codingsOf(r)
	d, ok := transport.Defer(w)
	if !ok {
		s.awaitHere(w, r, ask, takes)
		return
	}
	ask.Reply = s.replyLater(d, takes)
	waiting, err := s.polls.Ask(ask)
	if err != nil {
		s.refuse(d, r, err)
		d.Done()
		return
	}
	d.OnLeave(waiting.Leave)
}

// awaitHere is await in the request's goroutine, until its end, or until the door takes it.
func (s *Server) awaitHere(w http.ResponseWriter, r *http.Request, ask transport.Ask, takes codings) {
	type reply struct {
		answer transport.Answer
		last   bool
	}
	replies := make(chan reply, 1)
	ask.Reply = func(a transport.Answer, last bool) { replies <- reply{a, last} }
	waiting, err := s.polls.Ask(ask)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	settled := time.NewTimer(settling)
	defer settled.Stop()
	for {
		select {
		case reply := <-replies:
			s.write(w, takes, http.StatusOK, reply.answer)
			return
		case <-r.Context().Done():
			waiting.Leave()
			return
		case <-settled.C:
			d, ok := transport.Adopt(w, r)
			if !ok {
				continue
			}
			later := s.replyLater(d, takes)
			if !waiting.Redirect(later) {
				reply := <-replies
				later(reply.answer, reply.last)
			}
			d.OnLeave(waiting.Leave)
			return
		}
	}
}

// replyLater returns what answers a deferred poll.
func (s *Server) replyLater(d transport.Deferred, takes codings) func(a transport.Answer, last bool) {
	return func(a transport.Answer, last bool) {
		answer := func() {
			if a != nil { // else the client has left
				if last {
					d.Header().Set("Connection", "close")
				}
				s.write(d, takes, http.StatusOK, a)
			}
			d.Done()
		}
		if a.Len() < ownGoroutine {
			answer()
		} else {
			s.replies.Go(answer)
		}
	}
}
