package transport

import (
	"runtime"
	"sync"
	"time"
)

// rounds tend the polls for which there is news: each for some microseconds, those that are woken close
// together one after another, by as many goroutines as there are processors. The zero value is ready.
//
// Lock order: whatever the hub holds → poll.mu → rounds.mu.
type rounds struct {
	under sync.WaitGroup // one that is to come, or under way

	mu      sync.Mutex // guards what follows
	woken   []*poll    // each once; fewer than there are polls
	planned bool       // a round is to come, or under way
}

// add has a poll tended in the next round.
func (r *rounds) add(p *poll) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.woken = append(r.woken, p)
	if !r.planned {
		r.plan()
	}
}

// plan has a round begin when what comes close together is there. r.mu is held.
func (r *rounds) plan() {
	r.planned = true
	r.under.Add(1)
	time.AfterFunc(gathering, r.run)
}

// run is a round. There is one at a time, so that each poll is tended by one goroutine.
func (r *rounds) run() {
	defer r.under.Done()
	r.mu.Lock()
	woken := r.woken
	r.woken = nil
	r.mu.Unlock()
	tendAll(woken)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.planned = false; len(r.woken) > 0 {
		r.plan()
	}
}

// share is how many polls are worth a goroutine.
const share = 64

func tendAll(all []*poll) {
	each := max(share, (len(all)+runtime.GOMAXPROCS(0)-1)/runtime.GOMAXPROCS(0))
	var others sync.WaitGroup
	for len(all) > each {
		part := all[:each]
		all = all[each:]
		others.Go(func() { tend(part) })
	}
	tend(all)
	others.Wait()
}

func tend(all []*poll) {
	for _, p := range all {
		p.news()
	}
}

// wait waits until no round is under way. No poll lives then.
func (r *rounds) wait() { r.under.Wait() }
