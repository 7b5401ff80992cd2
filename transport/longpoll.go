package transport

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vechehq/veche/internal/tidy"
)

// LongPoll answers clients that ask again and again, and knows their polls. It is safe for concurrent
// use.
//
// A poll is a pipe that lives on between the requests of its client, for 20 seconds: what its session
// has for it waits there, bounded by the session. It answers at most about 1 MiB at a time.
type LongPoll struct {
	polls    crew[*poll]
	named    registry
	seats    crew[*seat]
	parked   atomic.Int64
	returned returns
}

// NewLongPoll returns a transport. Close it.
func NewLongPoll() *LongPoll {
	t := &LongPoll{named: registry{polls: make(map[string]*poll)}}
	t.polls.init()
	t.seats.init()
	t.returned.init()
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
	// settling is after how long a request that may be parked is: parking costs as much as a request.
	settling = 250 * time.Millisecond
)

// ErrParked says that a poll waits without its request, which is answered later.
var ErrParked = errors.New("transport: the request is parked")

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

	// Park, if there is one, takes a request that has long to wait from its server. It may return nil: then the
	// request waits where it is.
	Park func() *Parked
}

// Ask waits for something to say and returns the answer, one JSON object:
//
//	{"rooms":CURSOR,"at":AT,"events":[MESSAGE,…]}
//
// with what the session marked last. A client that asks with the last answer's at goes on; any other
// begins anew. A second request for one poll ends the first with an empty answer. The error is that of
// Open, ErrClosing or ErrParked. When ctx ends the answer is nil, and nothing is lost but by who asks with an
// older at.
func (t *LongPoll) Ask(ctx context.Context, a Ask) (Answer, error) {
	tidy.Count()
	before, ok := t.resume(ctx, a)
	if ok {
		return before.serve(ctx, a)
	}
	if !t.polls.begin() {
		return nil, ErrClosing
	}
	p := newPoll(t, a.Owner)
	p.take(context.WithoutCancel(ctx)) // it is free
	handler, err := a.Open(p)
	if err != nil {
		t.polls.end(nil)
		return nil, err
	}
	p.handler = handler
	t.named.add(p)
	if t.polls.opened(p) {
		p.Close(goingAwayCode, goingAway)
	}
	if before != nil {
		before.Close(goingAwayCode, goingAway)
	}
	return p.serve(ctx, a)
}

// resume returns the poll that At names. If the client can go on with it, it has the turn.
func (t *LongPoll) resume(ctx context.Context, a Ask) (p *poll, ok bool) {
	key, n, ok := parseAt(a.At)
	if !ok {
		return nil, false
	}
	p = t.named.find(key)
	if p == nil || p.owner != a.Owner || !p.take(ctx) {
		return nil, false
	}
	if owed, current := p.current(n); !current || !a.Again(p.handler, owed) {
		p.yield()
		return p, false
	}
	return p, true
}

// parseAt reads KEY.N, a poll and the number of its last answer.
func parseAt(at string) (key string, n uint64, ok bool) {
	key, digits, _ := strings.Cut(at, ".")
	n, err := strconv.ParseUint(digits, 10, 64)
	return key, n, err == nil
}

// Len is how many polls live, with a request or between two.
func (t *LongPoll) Len() int { return t.polls.len() }

// Parked is how many requests wait without their server.
func (t *LongPoll) Parked() int { return int(t.parked.Load()) }

// Close lets nobody in any more, answers all who wait, and waits until all sessions have had their
// Closed, which needs no client, and those that were parked their answers. When ctx ends the rest is cut off.
func (t *LongPoll) Close(ctx context.Context) error {
	bid := func(p *poll) { p.Close(goingAwayCode, goingAway) }
	err := t.polls.close(ctx, bid, bid)
	return errors.Join(err, t.seats.close(ctx, (*seat).leave, (*seat).cut))
}

// Returned is where the connections of parked requests come back, each with the beginning of another request:
// the server that they were taken from is to serve it too. They do not before it does, so until then there is
// nothing to park.
func (t *LongPoll) Returned() net.Listener { return &t.returned }

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
