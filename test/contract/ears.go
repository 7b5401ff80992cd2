// What a client was told, in order.

package contract

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"time"
)

// ears keeps all that a client was told, whichever connection it came over.
type ears struct {
	mu     sync.Mutex // guards what follows
	heard  []Object
	more   chan struct{} // closed when there is more
	places map[string]*place
}

// place is where the client is in a room.
type place struct {
	since *int64
	epoch string
}

func newEars() *ears {
	return &ears{more: make(chan struct{}), places: make(map[string]*place)}
}

// hear takes an object; of a join's ok also the receipts in it.
func (e *ears) hear(o Object) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.move(o)
	e.heard = append(e.heard, o)
	if list, ok := o["receipts"].([]any); ok {
		for _, r := range list {
			receipt := Object{"type": "receipt", "room": o["room"]}
			for k, v := range r.(map[string]any) {
				receipt[k] = v
			}
			e.heard = append(e.heard, receipt)
		}
	}
	close(e.more)
	e.more = make(chan struct{})
}

// move is what a client of the WebSocket must do (protocol, section 6).
func (e *ears) move(o Object) {
	room, _ := o["room"].(string)
	p := e.places[room]
	if p == nil {
		return
	}
	at := func(seq any) {
		n := int64(seq.(float64))
		p.since = &n
	}
	switch o["type"] {
	case "message":
		at(o["seq"])
	case "gap":
		at(o["to"])
	case "ok":
		if epoch, ok := o["epoch"].(string); ok && o["recovered"] != nil {
			p.epoch = epoch
			if p.since == nil {
				at(o["head"])
			}
		}
	}
}

// find returns the first object from index on that is looked for; it waits for it.
func (e *ears) find(ctx context.Context, from int, is func(Object) bool) (o Object, index int, err error) {
	for {
		e.mu.Lock()
		heard, more := e.heard, e.more
		e.mu.Unlock()
		for ; from < len(heard); from++ {
			if is(heard[from]) {
				return heard[from], from, nil
			}
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, from, fmt.Errorf("was not told; the last it was told: %v", last(heard, 5))
		}
	}
}

func (e *ears) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.heard)
}

func last(heard []Object, n int) []Object { return heard[max(0, len(heard)-n):] }

// matches reports whether an object has a pattern's fields. Null is a field that is not there, or null.
func matches(o, pattern Object) bool {
	for k, want := range pattern {
		got, there := o[k]
		if want == nil && there && got != nil || want != nil && !reflect.DeepEqual(got, want) {
			return false
		}
	}
	return true
}

// patience is how long a player waits for a step.
const patience = time.Minute
