// Pace: who does what when, drawn from the seed, whatever the server does.

package load

import (
	"context"
	"math/rand/v2"
	"time"
)

// typing is how long a person types before a message is sent.
const typing = time.Second

// deed is something that a client does at its moment, or all of them for a wave.
type deed struct {
	at   time.Duration // since the start
	what int
	who  int // the client's number
}

const (
	types = iota
	sends
	tells // its receipt
	wave
)

// pace is a source of deeds, in the order of their moments. Messages come as a Poisson process: a crowd
// of people who do not know of each other.
type pace struct {
	random   *rand.Rand
	clients  int
	between  time.Duration // messages, on average
	receipts time.Duration // between two clients' receipts; 0 for none
	waves    time.Duration // between two; 0 for none
	last     time.Duration // when no further wave comes; 0 for never

	next   deed   // the next who begins to type
	typed  []deed // who is typing, with when they will send
	turn   deed   // the next receipt
	breaks deed   // the next wave
}

func newPace(c Config) *pace {
	p := &pace{random: rand.New(rand.NewPCG(c.Seed, 1)), clients: c.Clients, between: time.Duration(float64(time.Second) / c.Rate)}
	if c.Receipts > 0 {
		p.receipts = max(c.Receipts/time.Duration(c.Clients), 1)
	}
	if c.Wave > 0 {
		p.waves, p.last = c.WaveEvery, c.WaveEvery*time.Duration(c.Waves)
	}
	p.next = deed{at: -typing, what: types} // so that messages come from the first second on
	p.somebody()
	p.turn = deed{at: p.receipts, what: tells}
	p.breaks = deed{at: p.waves, what: wave}
	return p
}

// somebody draws who types next.
func (p *pace) somebody() {
	p.next.at += time.Duration(p.random.ExpFloat64() * float64(p.between))
	p.next.who = p.random.IntN(p.clients)
}

// take returns the next deed.
func (p *pace) take() deed {
	first := p.next
	if len(p.typed) > 0 && p.typed[0].at <= first.at {
		first = p.typed[0]
	}
	if p.receipts > 0 && p.turn.at <= first.at {
		first = p.turn
	}
	if p.waves > 0 && p.breaks.at <= first.at && (p.last == 0 || p.breaks.at <= p.last) {
		first = p.breaks
	}
	switch first.what {
	case types:
		p.typed = append(p.typed, deed{first.at + typing, sends, first.who})
		p.somebody()
	case sends:
		p.typed = p.typed[1:]
	case tells:
		p.turn.at += p.receipts
		p.turn.who = (p.turn.who + 1) % p.clients
	case wave:
		p.breaks.at += p.waves
	}
	return first
}

// keepPace has the crowd do everything at its moment, until the time is over.
func (w *crowd) keepPace(ctx context.Context) {
	p := newPace(w.config)
	timer := time.NewTimer(0)
	defer timer.Stop()
	var letters uint64
	for {
		d := p.take()
		if d.at >= w.config.Duration {
			return
		}
		if early := d.at - time.Since(w.start); early > 0 {
			timer.Reset(early)
			select {
			case <-timer.C:
			case <-w.config.Enough:
				return
			case <-ctx.Done():
				return
			}
		} else if ctx.Err() != nil {
			return
		}
		w.lateTimes.add(time.Since(w.start) - max(d.at, 0))
		switch c := w.clients[d.who]; d.what {
		case types:
			if !w.config.NoTyping {
				c.types()
			}
		case sends:
			letters++
			c.sends(letter{number: letters, at: d.at})
		case tells:
			c.tells()
		case wave:
			for _, i := range p.random.Perm(p.clients)[:int(w.config.Wave*float64(p.clients))] {
				w.clients[i].cut()
			}
		}
	}
}
