package hub_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
)

// fakeStore keeps everything in memory, and commits when the test says so.
type fakeStore struct {
	mu       sync.Mutex
	logs     map[string][]*hub.Message
	cids     map[string]*hub.Message
	receipts map[string]hub.Receipt
	held     []func() // commits that wait for release; nil: nothing is held
	holding  bool
	fail     error
	closed   bool
}

func newStore() *fakeStore {
	return &fakeStore{
		logs:     make(map[string][]*hub.Message),
		cids:     make(map[string]*hub.Message),
		receipts: make(map[string]hub.Receipt),
	}
}

func (f *fakeStore) Room(_ context.Context, name string) (hub.RoomState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return hub.RoomState{Epoch: "e", First: 1, Head: uint64(len(f.logs[name]))}, f.fail
}

func (f *fakeStore) Append(m *hub.Message, done func(*hub.Message, bool, error)) {
	f.mu.Lock()
	if f.holding {
		f.held = append(f.held, func() { f.append(m, done) })
		f.mu.Unlock()
		return
	}
	f.mu.Unlock()
	f.append(m, done)
}

func (f *fakeStore) append(m *hub.Message, done func(*hub.Message, bool, error)) {
	f.mu.Lock()
	if f.fail != nil || f.closed {
		f.mu.Unlock()
		done(nil, false, hub.ErrUnavailable)
		return
	}
	key := m.Room + "\x00" + m.From + "\x00" + m.CID
	if first, ok := f.cids[key]; ok && m.CID != "" {
		f.mu.Unlock()
		done(first, true, nil)
		return
	}
	m.Seq, m.At = uint64(len(f.logs[m.Room])+1), time.Now()
	f.logs[m.Room] = append(f.logs[m.Room], m)
	f.cids[key] = m
	f.mu.Unlock()
	done(m, false, nil)
}

// hold keeps commits back until release.
func (f *fakeStore) hold() {
	f.mu.Lock()
	f.holding = true
	f.mu.Unlock()
}

func (f *fakeStore) release() {
	f.mu.Lock()
	held := f.held
	f.held, f.holding = nil, false
	f.mu.Unlock()
	for _, commit := range held {
		commit()
	}
}

func (f *fakeStore) failWith(err error) {
	f.mu.Lock()
	f.fail = err
	f.mu.Unlock()
}

func (f *fakeStore) Read(_ context.Context, room string, from, to uint64, limit int) ([]*hub.Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []*hub.Message
	for _, m := range f.logs[room] {
		if m.Seq >= from && m.Seq <= to && len(out) < limit {
			out = append(out, m)
		}
	}
	return out, f.fail
}

func (f *fakeStore) SaveReceipt(r hub.Receipt) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.receipts[r.Room+"\x00"+r.User] = r
}

func (f *fakeStore) Receipts(_ context.Context, room string, limit int) ([]hub.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []hub.Receipt
	for _, r := range f.receipts {
		if r.Room == room && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

func (f *fakeStore) Receipt(_ context.Context, room, user string) (hub.Receipt, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.receipts[room+"\x00"+user], nil
}

func (f *fakeStore) Close(context.Context) error {
	f.release()
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	return nil
}

// client is a gateway of the simplest kind: it takes what the outbox has when it is woken, and
// remembers it.
type client struct {
	t       *testing.T
	session *hub.Session

	mu     sync.Mutex
	woken  *sync.Cond
	wakes  int
	events []hub.Event
	ended  error
}

func connect(t *testing.T, h *hub.Hub, u hub.User) *client {
	t.Helper()
	c := &client{t: t}
	c.woken = sync.NewCond(&c.mu)
	s, err := h.Connect(u, c)
	if err != nil {
		t.Fatal(err)
	}
	c.session = s
	return c
}

func guest(id string) hub.User { return hub.User{ID: id, Name: id} }

func (c *client) Wake() {
	c.mu.Lock()
	c.wakes++
	c.mu.Unlock()
	c.woken.Broadcast()
}

func (c *client) End(cause error) {
	c.mu.Lock()
	c.ended = cause
	c.mu.Unlock()
	c.woken.Broadcast()
	c.session.Close(cause)
}

// cause is what ended the session, nil while it lives.
func (c *client) cause() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ended
}

// next takes events until one is what is looked for, and returns it. It waits for wakes.
func next[E hub.Event](c *client, is func(E) bool) E {
	c.t.Helper()
	for {
		c.mu.Lock()
		seen := c.wakes
		for len(c.events) > 0 {
			ev := c.events[0]
			c.events = c.events[1:]
			if e, ok := ev.(E); ok && is(e) {
				c.mu.Unlock()
				return e
			}
		}
		c.mu.Unlock()
		if got := c.session.Take(make([]hub.Event, 0, 64), 1<<20); len(got) > 0 {
			c.mu.Lock()
			c.events = append(c.events, got...)
			c.mu.Unlock()
			continue
		}
		c.mu.Lock()
		for c.wakes == seen && c.ended == nil {
			c.woken.Wait()
		}
		ended := c.ended
		c.mu.Unlock()
		if ended != nil {
			c.t.Fatalf("session ended while waiting: %v", ended)
		}
	}
}

func any1[E hub.Event](E) bool { return true }

func (c *client) join(room string, o hub.JoinOptions) hub.Joined {
	c.t.Helper()
	type answer struct {
		j   hub.Joined
		err error
	}
	ch := make(chan answer, 1)
	c.session.Join(room, o, func(j hub.Joined, err error) { ch <- answer{j, err} })
	a := <-ch
	if a.err != nil {
		c.t.Fatalf("join %s: %v", room, a.err)
	}
	return a.j
}

func (c *client) send(d hub.Draft) (hub.Sent, error) {
	type answer struct {
		s   hub.Sent
		err error
	}
	ch := make(chan answer, 1)
	c.session.Send(d, func(s hub.Sent, err error) { ch <- answer{s, err} })
	a := <-ch
	return a.s, a.err
}

func (c *client) say(room, cid, text string) hub.Sent {
	c.t.Helper()
	s, err := c.send(hub.Draft{Room: room, CID: cid, Body: hub.Body{Format: hub.Text, Data: []byte(text)}})
	if err != nil {
		c.t.Fatalf("send: %v", err)
	}
	return s
}
