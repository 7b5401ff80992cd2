package transport

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vechehq/veche/internal/tidy"
)

// LongPoll answers clients that ask again and again, and knows their polls. It is safe for concurrent
// use.
//
// A poll is a pipe that lives on between the requests of its client, for 20 seconds: what its session
// has for it waits there, bounded by the session. It answers at most about 1 MiB at a time. Waiting costs
// no goroutine: what becomes of the request meanwhile is a matter of who asks.
type LongPoll struct {
	polls  crew[*poll]
	named  registry
	rounds rounds
}

// NewLongPoll returns a transport. Close it.
func NewLongPoll() *LongPoll {
	t := &LongPoll{named: registry{polls: make(map[string]*poll)}}
	t.polls.init()
	return t
}

const (
	// lingering is how long a poll lives on without a request.
	lingering = 20 * time.Second
	// gathering is for how long what comes close together is put into one answer.
	gathering = 5 * time.Millisecond
	// minWait is the shortest wait: what was asked for has to be read.
	minWait = 25 * time.Millisecond
	// enough is how many bytes of messages make an answer that waits for no more.
	enough = 512 << 10
)

// Answer is the text of an answer, in pieces that many answers may share: they are not to be changed.
type Answer [][]byte

// Len is the answer's length in bytes.
func (a Answer) Len() (n int) {
	for _, piece := range a {
		n += len(piece)
	}
	return n
}

// Ask is one request of a client.
type Ask struct {
	At    string        // what the last answer said; empty for none
	Owner string        // who asks: a poll goes on for the same one only
	Wait  time.Duration // how long to wait for something to say

	// Open makes the session of a new poll, and may refuse.
	Open func(Guide) (Handler, error)
	// Again tells the session of the poll that At names what the client has asked for now; owed says that
	// messages wait which the client has not got. If it says no, a new poll begins.
	Again func(h Handler, owed bool) bool
	// Reply gets the answer, once: nil if the client has left. It must not block, nor call the poll back. last
	// says that the client is sent away.
	Reply func(a Answer, last bool)
}

// Ask takes a request, which Reply answers when there is something to say, with one JSON object:
//
//	{"rooms":CURSOR,"at":AT,"events":[MESSAGE,…]}
//
// with what the session marked last. A client that asks with the last answer's at goes on; any other
// begins anew. A second request for one poll ends the first with an empty answer. The error is that of
// Open, or ErrClosing; then there is no answer.
func (t *LongPoll) Ask(a Ask) (*Waiting, error) {
	tidy.Count()
	before, w := t.resume(a)
	if w != nil {
		return w, nil
	}
	w, err := t.open(a)
	if err == nil && before != nil {
		before.Close(goingAwayCode, goingAway)
	}
	return w, err
}

// open begins a poll.
func (t *LongPoll) open(a Ask) (*Waiting, error) {
	if !t.polls.begin() {
		return nil, ErrClosing
	}
	p := newPoll(t, a.Owner)
	p.turn.Lock()
	defer p.turn.Unlock()
	handler, err := a.Open(p)
	if err != nil {
		p.note(func() { p.gone = true })
		t.polls.end(nil)
		return nil, err
	}
	p.handler = handler
	t.named.add(p)
	if t.polls.opened(p) {
		p.Close(goingAwayCode, goingAway)
	}
	return p.attend(a), nil
}

// resume returns the poll that At names, and how the request waits there, if the client can go on with it.
func (t *LongPoll) resume(a Ask) (*poll, *Waiting) {
	key, n, ok := parseAt(a.At)
	if !ok {
		return nil, nil
	}
	p := t.named.find(key)
	if p == nil || p.owner != a.Owner {
		return nil, nil
	}
	p.turn.Lock()
	defer p.turn.Unlock()
	if p.over() {
		return nil, nil
	}
	p.replace()
	if owed, current := p.current(n); !current || !a.Again(p.handler, owed) {
		return p, nil
	}
	return p, p.attend(a)
}

// parseAt reads KEY.N, a poll and the number of its last answer.
func parseAt(at string) (key string, n uint64, ok bool) {
	key, digits, _ := strings.Cut(at, ".")
	n, err := strconv.ParseUint(digits, 10, 64)
	return key, n, err == nil
}

// Len is how many polls live, with a request or between two.
func (t *LongPoll) Len() int { return t.polls.len() }

// Close lets nobody in any more, answers all who wait, and waits until all sessions have had their
// Closed, which needs no client. When ctx ends the rest is cut off.
func (t *LongPoll) Close(ctx context.Context) error {
	bid := func(p *poll) { p.Close(goingAwayCode, goingAway) }
	err := t.polls.close(ctx, bid, bid)
	t.rounds.wait()
	return err
}

// registry finds polls by their keys.
type registry struct {
	mu    sync.Mutex // guards what follows
	polls map[string]*poll
}

func (g *registry) add(p *poll) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.polls[p.key] = p
}

func (g *registry) find(key string) *poll {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.polls[key]
}

func (g *registry) remove(p *poll) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.polls, p.key)
}
