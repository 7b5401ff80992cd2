package line

import (
	"slices"
	"sync/atomic"

	"github.com/vechehq/veche/hub"
)

const (
	// maxHistories is how many answers to history may be under way or wait to be sent.
	maxHistories = 4
	// maxAnswer is the size of an answer to history in bytes, unless a single message is larger.
	maxAnswer = 1<<20 - 4<<10
	// MessageSize is what a message takes in an answer beside its body, about, in bytes.
	MessageSize = 256
)

// Histories counts a session's answers to history that are under way or wait to be sent.
type Histories struct{ n atomic.Int32 }

// Begin counts one, or fails with hub.CodeBusy when there are four already.
func (h *Histories) Begin() error {
	if h.n.Add(1) > maxHistories {
		h.End()
		return &hub.Error{Code: hub.CodeBusy, Message: "too many history requests at once", Retry: true}
	}
	return nil
}

// End is for each Begin that did not fail: the answer was sent, or there is none.
func (h *Histories) End() { h.n.Add(-1) }

// Page is an answer to history on its way through the outbox.
type Page struct {
	hub.History
	Backward bool // the newest messages matter most
}

// Cut keeps as many messages as an answer may have, at least one, from the side that matters most, and returns their size.
func (p *Page) Cut(measure func(*hub.Message) int) (size int) {
	all, n := p.Messages, 0
	for ; n < len(all); n++ {
		m := all[n]
		if p.Backward {
			m = all[len(all)-1-n]
		}
		b := measure(m)
		if n > 0 && size+b > maxAnswer {
			break
		}
		size += b
	}
	if p.Backward {
		all = all[len(all)-n:]
	}
	p.Messages = slices.Clone(all[:n]) // the rest is let go of while this waits
	return size
}
