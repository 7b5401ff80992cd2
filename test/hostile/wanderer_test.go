package hostile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
	"github.com/vechehq/veche/test/peer"
)

// way is what carries the server's words to a wanderer; its own words go by POST.
type way string

const (
	webSocket way = "websocket"
	stream    way = "events"
	poll      way = "poll"
)

// Two programs that know nothing but HTTP talk, each through a bad network of its own: over one way, or
// over another one each time.
func TestPlainHTTP(t *testing.T) {
	for _, mix := range []struct {
		name string
		ways []way
	}{
		{"events", []way{stream}},
		{"poll", []way{poll}},
		{"changing", []way{webSocket, stream, poll}},
	} {
		t.Run(mix.name, func(t *testing.T) {
			t.Logf("-seed=%d", *seed)
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			s := harness.Start(t)
			var h history.History
			var ws []*wanderer
			var talking sync.WaitGroup
			for i, name := range []string{"ann", "bob"} {
				p, err := hostile.New(s.Addr, hostile.Random(*seed+uint64(i)))
				if err != nil {
					t.Fatal(err)
				}
				defer p.Close()
				w := newWanderer(p, name, mix.ways, *seed+uint64(i))
				ws = append(ws, w)
				talking.Go(func() {
					if err := w.live(ctx); err != nil {
						t.Errorf("%s: %v", name, err)
						cancel()
					}
					t.Logf("%s: %d exchanges, carried by %v, %d sends were there already", name, len(p.Log()), w.carried, w.dups)
					if len(p.Log()) < 50 {
						t.Errorf("%s: the weather was too good: %v", name, p.Log())
					}
				})
			}
			talking.Wait()
			for _, w := range ws {
				h.Sends = append(h.Sends, w.sends...)
				h.Reads = append(h.Reads, history.Read{Reader: w.name, Entries: w.read})
			}
			if !t.Failed() {
				judge(ctx, t, s, &h, 2*share)
			}
		})
	}
}

var (
	errDone  = errors.New("everything is read")
	errMove  = errors.New("time for another way")
	errBreak = errors.New("a promise is broken")
)

// wanderer is one person, who takes one way after the other.
type wanderer struct {
	name  string
	proxy *hostile.Proxy
	http  *peer.HTTP
	ways  []way
	rng   *rand.Rand // of the reading side

	sends []history.Send // written by the sending side
	dups  int

	mu     sync.Mutex
	resume string // guarded by mu

	// of the reading side
	epoch   string
	last    uint64
	read    []history.Entry
	carried map[way]int // messages
	left    int         // messages until it moves on
}

func newWanderer(p *hostile.Proxy, name string, ways []way, seed uint64) *wanderer {
	w := &wanderer{name: name, proxy: p, ways: ways, rng: rand.New(rand.NewPCG(seed, 1)), carried: map[way]int{},
		http: &peer.HTTP{Base: p.URL("http", ""), Client: &http.Client{Transport: &http.Transport{}}}}
	for i := range share {
		w.sends = append(w.sends, history.Send{CID: fmt.Sprint("c", i), Body: fmt.Sprintf("%s-%d", name, i)})
	}
	return w
}

// live says hello, then says its share and reads everybody's.
func (w *wanderer) live(ctx context.Context) error {
	defer w.http.Client.CloseIdleConnections()
	if err := w.insist(ctx, w.hello); err != nil {
		return err
	}
	var sending sync.WaitGroup
	var failed error
	sending.Go(func() { failed = w.sendAll(ctx) })
	err := w.insist(ctx, w.travel)
	sending.Wait()
	return errors.Join(err, failed)
}

// insist calls f until it succeeds, or a promise is broken.
func (w *wanderer) insist(ctx context.Context, f func(context.Context) error) error {
	for {
		err := f(ctx)
		switch {
		case err == nil, errors.Is(err, errDone):
			return nil
		case errors.Is(err, errBreak):
			return err
		case ctx.Err() != nil:
			return fmt.Errorf("%w; at last: %v", ctx.Err(), err)
		}
		pause := time.NewTimer(rand.N(20 * time.Millisecond))
		select {
		case <-pause.C:
		case <-ctx.Done():
		}
	}
}

func (w *wanderer) hello(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	o, err := w.http.Hello(ctx)
	if err != nil {
		return err
	}
	var user struct{ ID string }
	if err := json.Unmarshal(o.User, &user); err != nil {
		return err
	}
	for i := range w.sends {
		w.sends[i].Sender = user.ID
	}
	return w.keep(o)
}

func (w *wanderer) keep(o peer.Object) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if o.Resume != "" {
		w.resume = o.Resume
	}
	return nil
}

func (w *wanderer) who() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.resume
}

// sendAll posts the share, some at a time, one request after the other.
func (w *wanderer) sendAll(ctx context.Context) error {
	const batch = 10
	for rest := w.sends; len(rest) > 0; {
		var objects []peer.Object
		for _, s := range rest[:min(batch, len(rest))] {
			objects = append(objects, peer.Object{Type: "send", Room: room, CID: s.CID, Body: peer.String(s.Body)})
		}
		err := w.insist(ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
			defer cancel()
			answers, err := w.http.Send(ctx, w.who(), objects...)
			if err != nil {
				return err
			}
			for i, a := range answers {
				if a.Type == "error" && a.Retry {
					return fmt.Errorf("busy: %s", a.Message)
				}
				if a.Type != "ok" || rest[i].Seq != 0 && rest[i].Seq != a.Seq {
					return fmt.Errorf("%w: %s is answered by %+v", errBreak, objects[i].CID, a)
				}
				if rest[i].Seq = a.Seq; a.Dup {
					w.dups++
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		rest = rest[len(objects):]
	}
	return nil
}

// travel takes one way, as long as it carries, or until it is time for another.
func (w *wanderer) travel(ctx context.Context) error {
	way := w.ways[w.rng.IntN(len(w.ways))]
	w.left = 1 << 30
	if len(w.ways) > 1 {
		w.left = 10 + w.rng.IntN(100)
	}
	before := len(w.read)
	defer func() { w.carried[way] += len(w.read) - before }()
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	switch way {
	case stream:
		return w.http.Events(ctx, w.who(), peer.Cursor(room, w.last, w.epoch), w.hear)
	case poll:
		return w.poll(ctx)
	default:
		return w.webSocket(ctx)
	}
}

func (w *wanderer) poll(ctx context.Context) error {
	rooms, at := peer.Cursor(room, w.last, w.epoch), ""
	for {
		p, err := w.http.Poll(ctx, w.who(), rooms, at, 10*time.Second)
		if err != nil {
			return err
		}
		for _, o := range p.Events {
			if err := w.hear(o); err != nil {
				return err
			}
		}
		rooms, at = p.Rooms, p.At
	}
}

func (w *wanderer) webSocket(ctx context.Context) error {
	c, err := peer.Dial(ctx, w.proxy.URL("ws", "/ws"), w.who())
	if err != nil {
		return err
	}
	defer c.WS.CloseNow()
	since := int64(w.last)
	if err := errors.Join(w.keep(c.Welcome), c.Say(ctx, peer.Object{Type: "join", Room: room, Since: &since, Epoch: w.epoch})); err != nil {
		return err
	}
	for {
		o, err := c.Next(ctx)
		if err == nil {
			err = w.hear(o)
		}
		if err != nil {
			return err
		}
	}
}

// hear takes one object of the server's, whatever has carried it.
func (w *wanderer) hear(o peer.Object) error {
	switch {
	case o.Type == "welcome":
		return w.keep(o)
	case o.Type == "ok" && o.Epoch != "":
		if w.epoch != "" && w.epoch != o.Epoch {
			return fmt.Errorf("%w: epoch %s became %s", errBreak, w.epoch, o.Epoch)
		}
		w.epoch = o.Epoch
	case o.Type == "message" && o.Seq <= w.last:
		return fmt.Errorf("%w: seq %d after %d", errBreak, o.Seq, w.last)
	case o.Type == "message" && o.Seq > w.last+1:
		return fmt.Errorf("%w: seq %d after %d, and no gap between", errBreak, o.Seq, w.last)
	case o.Type == "message":
		w.last = o.Seq
		w.read = append(w.read, history.Entry{Seq: o.Seq, Sender: o.Sender(), CID: o.CID, Body: o.Text()})
		if len(w.read) == 2*share {
			return errDone
		}
		if w.left--; w.left <= 0 {
			return errMove
		}
	case o.Type == "gap" && o.Why == "lag":
		return errMove // and begin again from where we are
	case o.Type == "gap":
		return fmt.Errorf("%w: a gap, %s", errBreak, o.Why)
	case o.Type == "bye" || o.Type == "error":
		return fmt.Errorf("%s %s: %s", o.Type, o.Code, o.Message)
	}
	return nil
}
