// Client: one user, who talks and listens over one door after the other.

package prove

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/wire/native"
)

const (
	tick        = 50 * ms
	window      = 96              // messages of a client that wait for their acknowledgement
	heardMost   = 256             // events that wait for a client; then its door waits
	gather      = 50 * ms         // between two requests of a door of plain HTTP, so that several things go in one
	openTime    = 5 * time.Second // for a connection and the answer to its join
	silence     = 6 * time.Second // without what must come, after which a connection is given up
	anotherDoor = 4               // one visit in so many is over another door
	savedUp     = 5 * time.Second // of requests that could not be made are made up for later
)

// client is owned by its goroutine, except what says otherwise.
type client struct {
	world *world
	id    int
	user  string
	room  *room
	home  doors.Door
	token string
	rng   *rand.Rand
	skew  atomic.Int64 // its clock's error, in nanoseconds; any goroutine
	now   atomic.Pointer[state]
	quit  chan struct{} // closed to have it leave

	way     *doors.Way
	pending []int // messages without acknowledgement, in their order
	budget  float64
	own     receiptMark // what the server has acknowledged of its receipts
	told    uint64      // by the last receipt that was sent
	last    uint64      // everything up to here was read
	line    *visiting   // nil between two
	opened  int         // connections
	doors   map[string]int
}

// state is what others may know of a client.
type state struct {
	online  bool
	last    uint64
	pending int
	present map[string]bool // who is there, as it was told; nil if it is not told
	opened  int
	door    string
}

type receiptMark struct {
	received uint64
	crashes  int64 // of the server, as of then
}

// visiting is what lasts as long as a connection.
type visiting struct {
	door     doors.Door
	line     doors.Line
	heard    chan heard
	gone     chan struct{} // closed when the client does not listen any more
	over     chan struct{} // closed when the line has ended
	joined   bool
	began    int64
	progress int64             // when something came that had to
	asked    map[native.ID]ask // what is under way
	nextID   int
	present  map[string]bool
	marks    map[string][2]uint64 // receipts: received, read
	own      receiptMark          // the client's, as it came
	again    int64                // when what was refused is said again; 0: nothing was
}

// heard is one event, with the time when it came; or what is none; or the end.
type heard struct {
	event native.Event
	at    int64
	wrong error
	err   error
}

// ask is a request under way.
type ask struct {
	what  string
	n     int   // of a send
	call  int64 // nanoseconds since the beginning
	known uint64
	value uint64 // of a receipt
	boots int64
}

func newClient(w *world, id int, r *room, home doors.Door) *client {
	user := userOf(id)
	c := &client{
		world: w, id: id, user: user, room: r, home: home, token: token(w.server.secret, user),
		rng: rand.New(rand.NewPCG(w.options.Seed, uint64(id)<<8|1)), quit: make(chan struct{}), doors: map[string]int{},
		way: &doors.Way{
			HTTP: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 4}}, Gather: gather, Waiting: true,
		},
	}
	c.now.Store(&state{})
	return c
}

// live visits again and again until ctx ends or it is to leave.
func (c *client) live(ctx context.Context) {
	defer c.way.HTTP.CloseIdleConnections()
	c.way.URL = "http://" + c.world.net.Addr
	for pause := 20 * ms; ; {
		if c.visit(ctx) {
			pause = 20 * ms
		} else {
			pause = min(2*pause, 500*ms)
		}
		c.publish()
		select {
		case <-ctx.Done():
			return
		case <-c.quit:
			return
		case <-time.After(time.Duration(c.rng.Int64N(int64(pause)))):
		}
	}
}

// choose takes a door: the one at home, or sometimes another. Who comes by a mute one stays there, because what it
// sends cannot be repeated over another.
func (c *client) choose() doors.Door {
	if doors.Mute(c.home) || c.rng.IntN(anotherDoor) > 0 {
		return c.home
	}
	d := doors.Named(c.world.options.Doors[c.rng.IntN(len(c.world.options.Doors))])
	if doors.Mute(d) {
		return c.home
	}
	return d
}

// visit is one connection, until it ends. It reports whether it came to be.
func (c *client) visit(ctx context.Context) bool {
	v := &visiting{
		door: c.choose(), heard: make(chan heard, heardMost), gone: make(chan struct{}), over: make(chan struct{}),
		asked: map[native.ID]ask{}, marks: map[string][2]uint64{}, own: c.own, began: int64(c.world.now()),
	}
	opening, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	var err error
	v.line, err = v.door.Open(opening, doors.Visit{
		Way: c.way, Token: c.token, Room: c.room.name, Replay: true, Last: c.last, Epoch: c.epoch(),
	}, &ear{c.world, v})
	if err != nil {
		return false
	}
	v.line.Start()
	c.line = v
	c.opened++
	defer c.end(v)
	return c.stay(ctx, v)
}

func (c *client) epoch() string {
	c.room.mu.Lock()
	defer c.room.mu.Unlock()
	return c.room.epoch
}

// ear passes what a door hears to its client.
type ear struct {
	world *world
	v     *visiting
}

func (e *ear) Hear(ev native.Event) { e.pass(heard{event: ev, at: int64(e.world.now())}) }
func (e *ear) Wrong(err error)      { e.pass(heard{wrong: err, at: int64(e.world.now())}) }
func (e *ear) Ended(err error) {
	e.pass(heard{err: err})
	close(e.v.over)
}

func (e *ear) pass(h heard) {
	select {
	case e.v.heard <- h:
	case <-e.v.gone:
	}
}

// stay talks and listens until the connection ends, or is to.
func (c *client) stay(ctx context.Context, v *visiting) (joined bool) {
	ticks := time.NewTicker(tick)
	defer ticks.Stop()
	v.progress = v.began
	for {
		select {
		case h := <-v.heard:
			if h.err != nil || !c.hear(v, h) {
				return v.joined
			}
		case at := <-ticks.C:
			c.world.meter.late(int64(c.world.now()), time.Since(at))
			if !c.talk(v) {
				return v.joined
			}
		case <-c.quit:
			return v.joined
		case <-ctx.Done():
			return v.joined
		}
	}
}

// end lets go of a connection and waits until nothing of it runs any more. What was said over a mute door and has not come back is given up.
func (c *client) end(v *visiting) {
	close(v.gone)
	v.line.Close()
	<-v.over
	c.line = nil
	if doors.Mute(v.door) {
		for _, n := range c.pending {
			c.room.late(c.id, n)
		}
		c.pending = nil
	}
	c.room.note(c.id, "leaves "+v.door.Name(), -1, c.last)
}

// publish tells others how it stands.
func (c *client) publish() {
	s := &state{last: c.last, pending: len(c.pending), opened: c.opened}
	if v := c.line; v != nil && v.joined {
		s.online, s.door = true, v.door.Name()
		if v.present != nil {
			s.present = make(map[string]bool, len(v.present))
			for u := range v.present {
				s.present[u] = true
			}
		}
	}
	c.now.Store(s)
}

// talk is a tick: it makes the requests that are due. It returns false to give the connection up.
func (c *client) talk(v *visiting) bool {
	now := int64(c.world.now())
	c.publish()
	saved := savedUp
	if c.world.over.Load() {
		saved = 2 * tick
	}
	c.budget = min(c.budget+c.share()*tick.Seconds(), c.share()*saved.Seconds())
	if !v.joined {
		return now-v.began < int64(openTime)
	}
	if len(v.asked) == 0 && len(c.pending) == 0 && c.last >= c.room.known() {
		v.progress = now // nothing has to come
	}
	if now-v.progress > int64(silence) {
		c.room.note(c.id, "gives up silent "+v.door.Name(), -1, c.last)
		return false
	}
	if v.again > 0 && now > v.again {
		v.again = 0
		c.repeat(v)
	}
	if c.world.resting.Load() {
		return true
	}
	mute := doors.Mute(v.door)
	for ; c.budget >= 1 && len(c.pending) < window && len(v.asked) < 2*window; c.budget-- {
		c.request(v, mute)
	}
	return true
}

// share is how many requests a second are its.
func (c *client) share() float64 {
	return float64(c.world.options.Rate) / float64(c.world.options.Clients)
}

// request makes one, drawn by chance.
func (c *client) request(v *visiting, mute bool) {
	chance := c.rng.IntN(100)
	switch {
	case mute || chance < 78:
		n := c.room.begin(c.id)
		c.pending = append(c.pending, n)
		c.send(v, n, !mute)
	case chance < 84:
		c.askHistory(v)
	case chance < 91:
		if c.last > c.told {
			c.told = c.last
			c.room.note(c.id, "has received", -1, c.last)
			c.ask(v, ask{what: "receipt", value: c.last, boots: c.world.crashes.Load()}, func(id native.ID) native.Request {
				return &native.Receipt{ID: id, Room: c.room.name, Received: c.last, Read: c.last - uint64(c.rng.IntN(3))%(c.last)}
			})
		}
	case chance < 96:
		c.ask(v, ask{what: "signal"}, func(id native.ID) native.Request {
			return &native.Signal{ID: id, Room: c.room.name, Kind: "typing"}
		})
	default:
		c.ask(v, ask{what: "presence"}, func(id native.ID) native.Request {
			return &native.PresenceQuery{ID: id, Room: c.room.name}
		})
	}
}

func (c *client) askHistory(v *visiting) {
	for _, a := range v.asked {
		if a.what == "history" {
			return // the server takes four at a time
		}
	}
	known := c.room.known()
	h := native.History{Room: c.room.name, Limit: 1 + c.rng.IntN(40)}
	if c.rng.IntN(2) == 0 && known > 0 {
		h.Forward, h.After = true, c.rng.Uint64N(known)
	}
	c.ask(v, ask{what: "history", known: known}, func(id native.ID) native.Request {
		h.ID = id
		return &h
	})
}

// ask makes a request of which a is known.
func (c *client) ask(v *visiting, a ask, request func(native.ID) native.Request) {
	v.nextID++
	id := native.ID(strconv.Itoa(v.nextID))
	a.call = int64(c.world.now())
	v.asked[id] = a
	v.line.Say(request(id))
}

// send says a message. With twice it is said twice when requests are.
func (c *client) send(v *visiting, n int, twice bool) {
	say := func() {
		c.ask(v, ask{what: "send", n: n}, func(id native.ID) native.Request {
			return &native.Send{
				ID: id, Room: c.room.name, CID: c.cid(n),
				Body: native.Body{Format: native.Text, Data: []byte(body(c.id, n))},
			}
		})
	}
	if !twice {
		v.line.Say(&native.Send{Body: native.Body{Data: []byte(body(c.id, n))}})
		return
	}
	say()
	if c.world.twice.Load() {
		say()
	}
}

// cid begins with the time by the client's clock, when the message was first said.
func (c *client) cid(n int) string {
	c.room.mu.Lock()
	s := &c.room.sends[c.id][n]
	if s.stamp == 0 {
		s.stamp = c.world.begun.UnixNano() + s.call + c.skew.Load()
	}
	stamp := s.stamp
	c.room.mu.Unlock()
	return strconv.FormatInt(stamp/int64(ms), 36) + "-" + strconv.Itoa(n)
}

// repeat says what is not acknowledged and not under way again, in its order.
func (c *client) repeat(v *visiting) {
	under := map[int]bool{}
	for _, a := range v.asked {
		if a.what == "send" {
			under[a.n] = true
		}
	}
	for _, n := range c.pending {
		if !under[n] {
			c.mayBeLate(n)
			c.room.note(c.id, "sends again", n, 0)
			c.send(v, n, true)
		}
	}
}

// mayBeLate takes a message's place from it if it may have been refused without our hearing of it, and those sent after
// it not.
func (c *client) mayBeLate(n int) {
	c.room.mu.Lock()
	refused := c.room.sends[c.id][n].call < c.world.failing.Load()
	c.room.mu.Unlock()
	if refused {
		c.room.late(c.id, n)
	}
}
