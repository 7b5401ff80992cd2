// The player.

package contract

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// Play plays a scenario at a server, or several behind one URL. token makes a user's.
func Play(t *testing.T, s Scenario, w Way, base string, token func(user string) string) {
	p := &player{t: t, way: w, base: base, token: token, prefix: rand.Text()[:8] + "-", clients: make(map[string]*actor)}
	defer p.end()
	for i, step := range s.Steps {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		err := p.do(ctx, step)
		cancel()
		if err != nil {
			t.Fatalf("step %d, %s: %v", i+1, encode(step), err)
		}
	}
}

type player struct {
	t       *testing.T
	way     Way
	base    string
	token   func(string) string
	prefix  string
	clients map[string]*actor
	signal  func() // says the last signal again
}

// actor is a client in the play.
type actor struct {
	Client
	here bool
	seen map[string]int // by room for messages, else by type: up to where it was looked
}

func (p *player) end() {
	for _, a := range p.clients {
		if a.here {
			a.Leave()
		}
	}
}

func (p *player) actor(who string) *actor {
	a := p.clients[who]
	if a == nil {
		user, _, _ := strings.Cut(who, ".")
		a = &actor{Client: p.way.New(p.base, p.token(user)), seen: make(map[string]int)}
		p.clients[who] = a
	}
	return a
}

// room makes a name unique.
func (p *player) room(name string) string {
	switch {
	case name == "", strings.HasPrefix(name, "~"):
		return name
	case strings.HasPrefix(name, "memory:"):
		return "memory:" + p.prefix + strings.TrimPrefix(name, "memory:")
	}
	return p.prefix + name
}

// of returns the object as it is said and told, with the room's own name.
func (p *player) of(o Object) Object {
	o = maps.Clone(o)
	if name, ok := o["room"].(string); ok {
		o["room"] = p.room(name)
	}
	return o
}

func (p *player) do(ctx context.Context, s Step) error {
	a, room := p.actor(s.Who), p.room(s.Room)
	switch {
	case s.Connect:
		a.here = true
		return a.Connect(ctx)
	case s.Cut, s.Leave:
		a.here = false
		if s.Cut {
			a.Cut()
		} else {
			a.Leave()
		}
	case s.Stall != nil:
		a.Stall(*s.Stall)
	case s.Say != nil:
		return p.say(ctx, a, s)
	case s.See != nil:
		return p.see(ctx, a, p.of(s.See))
	case s.Unseen != nil:
		return a.unseen(p.of(s.Unseen))
	case s.Users != nil:
		return a.users(ctx, room, s.Users)
	case s.Flood > 0:
		return a.flood(ctx, room, s.Flood, s.Size)
	case s.Has != nil:
		return a.has(ctx, room, s.Has[0], s.Has[1])
	default:
		return fmt.Errorf("the player does not know what to do")
	}
	return nil
}

func (p *player) say(ctx context.Context, a *actor, s Step) error {
	o := p.of(s.Say)
	if s.Fill > 0 {
		o["body"] = strings.Repeat("x", s.Fill)
	}
	if o["type"] == "signal" && s.Error == "" {
		p.signal = func() { _, _ = a.Say(p.t.Context(), o) }
	}
	answer, err := a.Say(ctx, o)
	if err != nil {
		return err
	}
	if s.Error != "" {
		if answer["type"] != "error" || answer["code"] != s.Error {
			return fmt.Errorf("the answer is %s", encode(answer))
		}
		return nil
	}
	if answer["type"] != "ok" || !matches(answer, s.OK) {
		return fmt.Errorf("the answer is %s", encode(answer))
	}
	return sequence(answer, s.Seqs)
}

// sequence checks the messages of an answer to history.
func sequence(answer Object, want []uint64) error {
	if want == nil {
		return nil
	}
	next := want[0]
	for _, m := range answer["messages"].([]any) {
		if seq := m.(map[string]any)["seq"].(float64); uint64(seq) != next {
			return fmt.Errorf("message %v where %d belongs", seq, next)
		}
		next++
	}
	if next != want[1]+1 {
		return fmt.Errorf("the messages end before %d", next)
	}
	return nil
}

func (p *player) see(ctx context.Context, a *actor, pattern Object) error {
	if pattern["type"] == "message" {
		return a.message(ctx, pattern)
	}
	typ := pattern["type"].(string)
	is := func(o Object) bool { return matches(o, pattern) }
	if typ == "signal" {
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, _, err := a.told().find(soon, a.seen[typ], is); err != nil && p.signal != nil {
			p.signal()
		}
	}
	_, at, err := a.told().find(ctx, a.seen[typ], is)
	a.seen[typ] = at + 1
	return err
}

// message takes the next message of the room.
func (a *actor) message(ctx context.Context, pattern Object) error {
	key := "message " + pattern["room"].(string)
	o, at, err := a.told().find(ctx, a.seen[key], func(o Object) bool {
		return o["type"] == "message" && o["room"] == pattern["room"]
	})
	a.seen[key] = at + 1
	if err == nil && !matches(o, pattern) {
		return fmt.Errorf("the next message is %s", encode(o))
	}
	return err
}

func (a *actor) unseen(pattern Object) error {
	e := a.told()
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, o := range e.heard {
		if matches(o, pattern) {
			return fmt.Errorf("was told %s", encode(o))
		}
	}
	return nil
}

func (a *actor) users(ctx context.Context, room string, want []string) error {
	for {
		answer, err := a.Say(ctx, Object{"type": "presence", "room": room})
		if err != nil {
			return err
		}
		var got []string
		list, _ := answer["users"].([]any)
		for _, u := range list {
			got = append(got, u.(map[string]any)["id"].(string))
		}
		slices.Sort(got)
		if reflect.DeepEqual(got, want) && answer["count"] == float64(len(want)) {
			return nil
		}
		select {
		case <-time.After(50 * time.Millisecond): // others may not have told yet
		case <-ctx.Done():
			return fmt.Errorf("in the end there are %s", encode(answer))
		}
	}
}

func (a *actor) flood(ctx context.Context, room string, n, size int) error {
	all := make([]Object, n)
	for i := range all {
		all[i] = Object{"type": "send", "room": room, "body": fmt.Sprint(i, " ", strings.Repeat("x", size))}
	}
	return a.Client.flood(ctx, all)
}

// has follows the room from message to message, over what history has of gaps.
func (a *actor) has(ctx context.Context, room string, from, to uint64) error {
	next, at := from, 0
	for next <= to {
		o, i, err := a.told().find(ctx, at, func(o Object) bool {
			return o["room"] == room && (o["type"] == "message" || o["type"] == "gap" && o["why"] == "lag")
		})
		if err != nil {
			return fmt.Errorf("at %d: %w", next, err)
		}
		at = i + 1
		if o["type"] == "gap" {
			last := uint64(o["to"].(float64))
			if err := a.pull(ctx, room, next, last); err != nil {
				return err
			}
			next = max(next, last+1)
			continue
		}
		switch seq := uint64(o["seq"].(float64)); {
		case seq < from:
		case seq != next:
			return fmt.Errorf("message %d where %d belongs", seq, next)
		default:
			next++
		}
	}
	a.seen["message "+room] = at
	return nil
}

// pull has messages from..to by history.
func (a *actor) pull(ctx context.Context, room string, from, to uint64) error {
	for from <= to {
		answer, err := a.Say(ctx, Object{"type": "history", "room": room, "after": from - 1, "limit": 200})
		if err != nil {
			return err
		}
		messages, _ := answer["messages"].([]any)
		if len(messages) == 0 {
			return fmt.Errorf("history after %d is %s", from-1, encode(answer))
		}
		for _, m := range messages {
			if seq := m.(map[string]any)["seq"]; seq != float64(from) {
				return fmt.Errorf("history has %v where %d belongs", seq, from)
			}
			from++
		}
	}
	return nil
}
