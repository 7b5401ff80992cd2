package transport

import (
	"bytes"
	"crypto/rand"
	"strconv"
	"sync"
	"time"
)

// poll is the requests of one client, one after another: a Guide to its session.
//
// Lock order: turn → whatever the hub holds → mu.
type poll struct {
	home    *LongPoll
	key     string
	owner   string
	handler Handler // immutable once it is there

	turn    sync.Mutex  // held by who drains, answers or ends, for microseconds; guards what follows
	request *Waiting    // nil: none is here
	by      time.Time   // when it is to be answered at the latest, or if there is none, the poll to end
	timer   *time.Timer // calls due then; nil: no request was here yet
	answers uint64      // the number of the last answer

	mu      sync.Mutex // guards what follows; as a leaf
	events  [][]byte   // sent and not answered
	size    int        // of the events, with what is between them
	where   func([]byte) []byte
	ripe    bool
	busy    bool // the session does what the client has asked for
	parting bool // the session wants to end
	closed  bool // it has said its last
	gone    bool // it had its Closed
	idle    bool // no request is here, and the session does not want to end: news can wait
	wished  bool // there is news
	queued  bool // for the next round; wished is set too
}

var _ Guide = (*poll)(nil)

func newPoll(t *LongPoll, owner string) *poll {
	return &poll{home: t, key: rand.Text(), owner: owner, idle: true}
}

// Waiting is a request that waits for its answer.
type Waiting struct {
	poll  *poll
	reply func(a Answer, last bool) // guarded by poll.turn
	first bool                      // what joins bring is to be gathered for another round; guarded by poll.turn
	late  bool                      // its time was over when what it asked for was on its way; guarded by poll.turn
	left  bool                      // the client has; guarded by poll.mu
}

// Leave is told that the client has left. It may be called at any time, by any goroutine.
func (w *Waiting) Leave() {
	w.poll.set(func() { w.left = true })
}

// Redirect gives the answer to another Reply, unless it was given already.
func (w *Waiting) Redirect(reply func(a Answer, last bool)) bool {
	w.poll.turn.Lock()
	defer w.poll.turn.Unlock()
	if w.poll.request != w {
		return false
	}
	w.reply = reply
	return true
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

func (p *poll) Mark(where func([]byte) []byte) { p.note(func() { p.where = where }) }
func (p *poll) Ripe()                          { p.note(func() { p.ripe = true }) }
func (p *poll) Pause()                         { p.note(func() { p.busy = true }) }
func (p *poll) Resume()                        { p.set(func() { p.busy = false }) }
func (p *poll) Wake()                          { p.set(func() {}) }
func (p *poll) Retry(time.Duration)            {}
func (p *poll) Transport() string              { return "longpoll" }

// Part lets a session that wants to end say its last, to nobody if no request is here.
func (p *poll) Part() { p.set(func() { p.parting, p.idle = true, false }) }

// Close ends the poll with the next answer.
func (p *poll) Close(uint16, string) {
	p.set(func() { p.closed, p.parting, p.idle = true, true, false })
}

// note changes something that is looked at when there is news.
func (p *poll) note(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// set changes something, which is news.
func (p *poll) set(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
	p.wished = true
	p.queue()
}

// queue has news looked at, if there is some and it cannot wait. p.mu is held.
func (p *poll) queue() {
	if p.wished && !p.idle && !p.queued && !p.gone {
		p.queued = true
		p.home.rounds.add(p)
	}
}

// news is a round's look at the poll.
func (p *poll) news() {
	p.note(func() { p.queued = false })
	p.turn.Lock()
	defer p.turn.Unlock()
	p.tend()
}

// due is called when the time of a request, or of a poll without one, is over.
func (p *poll) due() {
	p.turn.Lock()
	defer p.turn.Unlock()
	switch {
	case time.Now().Before(p.by): // it was, and is not any more
	case p.request == nil:
		p.end()
	default:
		p.tend()
	}
}

// The rest is called with the turn.

// attend has a request wait.
func (p *poll) attend(a Ask) *Waiting {
	w := &Waiting{poll: p, reply: a.Reply, first: p.answers == 0}
	p.request = w
	p.expect(max(a.Wait, minWait))
	return w
}

// expect sets the time after which something is due, whatever happens.
func (p *poll) expect(d time.Duration) {
	p.by = time.Now().Add(d)
	if p.timer == nil {
		p.timer = time.AfterFunc(d, p.due)
	} else {
		p.timer.Reset(d)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = p.request == nil && !p.parting
	p.wished = p.wished || p.ripe // of a request that was left
	p.queue()
}

// tend answers the request if there is something to say or its time has come. Without a request it lets a session
// that wants to end say its last.
func (p *poll) tend() {
	p.mu.Lock()
	nothing, left := p.gone || p.idle, p.request != nil && p.request.left
	p.mu.Unlock()
	switch {
	case nothing:
		return
	case left:
		p.abandon()
		return
	}
	p.drain()
	switch {
	case p.request == nil:
		p.note(func() { p.events, p.size = nil, 0 }) // nobody hears it
		if p.over() {
			p.end()
		}
	case p.ready():
		p.conclude(p.answer())
	}
}

// ready reports whether the request is to be answered now.
func (p *poll) ready() bool {
	w, overdue := p.request, !time.Now().Before(p.by)
	full, ripe, busy := p.state()
	switch {
	case full:
		return true
	case busy:
		w.late = w.late || overdue
		return false
	case overdue && !w.late:
		return true
	case !ripe && !w.late:
		return false
	case w.first:
		w.first = false
		p.Wake()
		return false
	}
	return true
}

// conclude answers the request. The poll then lingers, or ends.
func (p *poll) conclude(a Answer) {
	w, last := p.request, p.over()
	p.request = nil
	w.reply(a, last)
	if last {
		p.end()
		return
	}
	p.expect(lingering)
}

// abandon forgets a request whose client has left. A poll that has never answered ends: nobody knows it.
func (p *poll) abandon() {
	if p.answers == 0 {
		p.note(func() { p.closed = true })
	}
	p.conclude(nil)
}

// replace ends a request because another one of the same client is here.
func (p *poll) replace() {
	if p.request != nil {
		p.conclude(Answer{[]byte(`{"events":[]}` + "\n")})
	}
}

// end gives the session its Closed, once.
func (p *poll) end() {
	p.mu.Lock()
	first := !p.gone
	p.gone = true
	p.mu.Unlock()
	if !first {
		return
	}
	if p.timer != nil {
		p.timer.Stop()
	}
	p.home.named.remove(p)
	p.handler.Closed(nil)
	p.home.polls.end(p)
}

func (p *poll) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.closed || p.gone
}

// current reports whether the n-th answer was the last, and whether there is some of the next already, or will be.
func (p *poll) current(n uint64) (owed, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.events) > 0 || p.wished || p.busy, p.answers == n
}

// drain takes what the session has, until it is enough for an answer: the rest is news for the next one.
func (p *poll) drain() {
	p.note(func() { p.wished = false })
	for p.handler.Drain() {
		if full, _, _ := p.state(); full {
			p.Wake()
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
