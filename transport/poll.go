package transport

import (
	"bytes"
	"context"
	"crypto/rand"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// poll is the requests of one client, one after another: a Guide to its session.
type poll struct {
	home    *LongPoll
	key     string
	owner   string
	handler Handler              // immutable once there is a first turn
	turn    chan struct{}        // held by who may drain and end: a request, or nobody's last turn
	woken   chan struct{}        // holds one wish to be drained
	seat    atomic.Pointer[seat] // of the request that is parked; nil: there is none

	mu       sync.Mutex // guards what follows
	answers  uint64     // the number of the last answer
	events   [][]byte   // sent and not answered
	size     int        // of the events, with what is between them
	where    func([]byte) []byte
	ripe     bool
	busy     bool          // the session does what the client has asked for
	parting  bool          // the session wants to end
	closed   bool          // it has said its last
	gone     bool          // it had its Closed
	wanting  int           // requests that wait for the turn
	attended chan struct{} // while a request has the turn; closed when another wants it
	linger   *time.Timer
}

var _ Guide = (*poll)(nil)

func newPoll(t *LongPoll, owner string) *poll {
	return &poll{home: t, key: rand.Text(), owner: owner, turn: make(chan struct{}, 1), woken: make(chan struct{}, 1)}
}

func (p *poll) Send(m Message) error { return p.keep(bytes.Clone(m.Data)) }

func (p *poll) SendShared(f *Frame) error { return p.keep(f.Data()) }

func (p *poll) keep(event []byte) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.events = append(p.events, event)
	p.size += len(event) + 1
	return nil
}

func (p *poll) Mark(where func([]byte) []byte) { p.set(func() { p.where = where }) }
func (p *poll) Ripe()                          { p.set(func() { p.ripe = true }) }
func (p *poll) Pause()                         { p.set(func() { p.busy = true }) }
func (p *poll) Resume()                        { p.set(func() { p.busy = false }) }
func (p *poll) Retry(time.Duration)            {}
func (p *poll) Transport() string              { return "longpoll" }

func (p *poll) Close(uint16, string) {
	p.set(func() { p.closed = true })
	p.Part()
}

func (p *poll) set(f func()) {
	p.mu.Lock()
	f()
	p.mu.Unlock()
	p.Wake()
}

func (p *poll) Wake() {
	select {
	case p.woken <- struct{}{}:
	default:
	}
	if seat := p.seat.Load(); seat != nil {
		seat.wake()
	}
}

// Part lets a session that wants to end say its last to nobody, if no request is here.
func (p *poll) Part() {
	p.mu.Lock()
	defer p.mu.Unlock()
	alone := p.attended == nil && !p.parting && !p.gone
	p.parting = true
	if alone {
		go p.finish()
	}
}

// take gets a request the turn, if the poll still lives then. One that has it and waits gives it up.
func (p *poll) take(ctx context.Context) bool {
	p.mu.Lock()
	p.wanting++
	p.hurry()
	p.mu.Unlock()
	select {
	case p.turn <- struct{}{}:
	case <-ctx.Done():
		p.set(func() { p.wanting-- })
		return false
	}
	p.mu.Lock()
	p.wanting--
	if p.gone {
		p.mu.Unlock()
		<-p.turn
		return false
	}
	p.attended = make(chan struct{})
	p.hurry()
	if p.linger != nil {
		p.linger.Stop()
	}
	p.mu.Unlock()
	return true
}

// hurry tells the request that has the turn that another wants it. p.mu is held.
func (p *poll) hurry() {
	if p.wanting == 0 || p.attended == nil {
		return
	}
	select {
	case <-p.attended:
	default:
		close(p.attended)
		p.Wake()
	}
}

// yield gives the turn back. The poll then lingers, or ends.
func (p *poll) yield() {
	p.mu.Lock()
	p.attended = nil
	switch {
	case p.gone:
	case p.parting:
		go p.finish()
	case p.linger == nil:
		p.linger = time.AfterFunc(lingering, p.expire)
	default:
		p.linger.Reset(lingering)
	}
	p.mu.Unlock()
	<-p.turn
}

// expire ends a poll to which nobody has come back.
func (p *poll) expire() {
	select {
	case p.turn <- struct{}{}:
	default:
		return // somebody has
	}
	p.end()
	<-p.turn
}

// finish drains a session that wants to end, for nobody.
func (p *poll) finish() {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	for !p.over() {
		p.handler.Drain()
		if p.over() {
			break
		}
		<-p.woken
	}
	p.end()
}

func (p *poll) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed || p.gone
}

// end gives the session its Closed, once. The caller has the turn.
func (p *poll) end() {
	p.mu.Lock()
	first := !p.gone
	p.gone = true
	p.mu.Unlock()
	if !first {
		return
	}
	p.home.named.remove(p)
	p.handler.Closed(nil)
	p.home.polls.end(p)
}

// current reports whether the n-th answer was the last, and whether there is some of the next already.
func (p *poll) current(n uint64) (owed, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events) > 0, p.answers == n
}

// serve waits for an answer with the turn that the caller took, and gives that back, unless the request is
// parked.
func (p *poll) serve(ctx context.Context, a Ask) (Answer, error) {
	now := time.Now()
	until := now.Add(max(a.Wait, minWait))
	settled := until
	if a.Park != nil {
		settled = now.Add(settling)
	}
	end := p.attend(ctx, until, settled)
	if end == waiting {
		if p.park(a.Park, until) {
			return nil, ErrParked
		}
		end = p.attend(ctx, until, until)
	}
	return p.conclude(end), nil
}

// conclude ends a request and returns its answer.
func (p *poll) conclude(end outcome) (answer Answer) {
	switch end {
	case answered:
		answer = p.answer()
	case replaced:
		answer = Answer{[]byte(`{"events":[]}` + "\n")}
	case left:
		p.abandon()
	}
	if p.over() {
		p.end()
	}
	p.yield()
	return answer
}

// abandon closes a poll that has never answered: nobody knows it.
func (p *poll) abandon() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = p.closed || p.answers == 0
}

// outcome is how a request ends.
type outcome int

const (
	answered outcome = iota
	replaced         // another request of the same poll is here
	left             // the client is not
	waiting          // not yet: it has settled
)

// attend waits for the end of a request: until a moment at most, and once it has settled, where that is
// earlier, for no news.
func (p *poll) attend(ctx context.Context, until, settled time.Time) outcome {
	p.mu.Lock()
	another := p.attended
	p.mu.Unlock()
	if until.Before(settled) {
		settled = until
	}
	timer := time.NewTimer(time.Until(settled))
	defer timer.Stop()
	var late, gathers bool
	for {
		p.drain()
		full, ripe, busy := p.state()
		if full {
			return answered
		}
		if !gathers && !busy && (ripe || late) {
			gathers = true
			timer.Reset(gathering)
		}
		select {
		case <-p.woken:
		case <-timer.C:
			switch overdue := !time.Now().Before(until); {
			case !busy && (gathers || overdue):
				return answered
			case overdue:
				late, gathers = true, false // what was asked for is on its way
			case busy:
				gathers = false
				timer.Reset(minWait)
			default:
				select {
				case <-another:
					return replaced
				default:
					return waiting
				}
			}
		case <-another:
			return replaced
		case <-ctx.Done():
			return left
		}
	}
}

// drain takes what the session has, until it is enough for an answer.
func (p *poll) drain() {
	for p.handler.Drain() {
		if full, _, _ := p.state(); full {
			return
		}
	}
}

func (p *poll) state() (full, ripe, busy bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed || p.size >= enough, p.ripe, p.busy
}

// answerSpace is about what is around the events of an answer, in bytes.
const answerSpace = 256

var comma, ending = []byte(","), []byte("]}\n")

func (p *poll) answer() Answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answers++
	b := append(make([]byte, 0, answerSpace), `{"rooms":"`...)
	if p.where != nil {
		b = p.where(b)
	}
	b = append(append(b, `","at":"`...), p.key...)
	b = strconv.AppendUint(append(b, '.'), p.answers, 10)
	b = append(b, `","events":[`...)
	answer := append(make(Answer, 0, 1+2*len(p.events)), b)
	for i, e := range p.events {
		if i > 0 {
			answer = append(answer, comma)
		}
		answer = append(answer, e)
	}
	p.events, p.size, p.ripe = nil, 0, false
	return append(answer, ending)
}
