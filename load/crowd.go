// Crowd: all clients, how they come and come back, and the run.

package load

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vechehq/veche/internal/doors"
)

const (
	// dialers is how many are on their way into their rooms at a time. The rest of a wave waits its turn,
	// and its time counts: sessions that were opened and not looked after would only expire.
	dialers = 128
	// gathering is how long all clients may take to come at first.
	gathering = 5 * time.Minute
	// settling is how long, after the last message, answers and stragglers are waited for.
	settling = 2 * time.Minute
	// maxBroken is how many violations are kept in words.
	maxBroken = 20
)

// crowd is one run.
type crowd struct {
	tally

	config  Config
	ctx     context.Context
	door    doors.Door
	way     *doors.Way
	run     uint64 // tells this run's messages from all others'
	rooms   []*room
	clients []*client

	waiting  chan *client // who is to come; each is in it once at most, so it is never full
	lines    sync.WaitGroup
	complete chan struct{} // closed when all were there at a time
	once     sync.Once
	start    time.Time // set before the pace begins
	began    atomic.Bool

	mu         sync.Mutex
	violations int
	words      []string
	complaints map[string]int // how often a connection or a request failed, by why
}

// Run puts the load on the server, until its time is over or ctx ends, and returns what happened. A run
// that was cut short has a summary too. An error means that there was no run: the configuration is
// wrong, or not all clients could come in the beginning.
func Run(ctx context.Context, config Config) (*Summary, error) {
	config, err := config.withDefaults()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := newCrowd(ctx, config)
	var dialing sync.WaitGroup
	defer func() {
		cancel()
		dialing.Wait()
		for _, c := range w.clients {
			c.cut()
		}
		w.lines.Wait()
		w.way.HTTP.CloseIdleConnections()
	}()
	if err := w.bring(w.clients[0]); err != nil {
		return nil, fmt.Errorf("load: %s: %w", config.URL, err)
	}
	for range min(dialers, config.Clients) {
		dialing.Go(w.dial)
	}
	for _, c := range w.clients[1:] {
		w.waiting <- c
	}
	select {
	case <-w.complete:
	case <-time.After(gathering):
		return nil, fmt.Errorf("load: of %d clients %d came: %v", config.Clients, w.connected.Load(), w.complained())
	case <-config.Enough:
		return nil, errors.New("load: ended before all clients had come")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return w.talk(ctx), nil
}

func newCrowd(ctx context.Context, config Config) *crowd {
	w := &crowd{
		config: config, ctx: ctx, door: doors.Named(config.Door), way: newWay(config), run: uint64(time.Now().UnixNano()),
		waiting: make(chan *client, config.Clients), complete: make(chan struct{}),
		complaints: make(map[string]int),
	}
	for k := range config.Rooms {
		w.rooms = append(w.rooms, &room{name: fmt.Sprintf("%s-%d-%d", config.Prefix, config.Seed, k)})
	}
	for i, k := range settle(rand.New(rand.NewPCG(config.Seed, 0)), config.Clients, config.Rooms) {
		c := &client{number: i, crowd: w, room: w.rooms[k]}
		w.clients = append(w.clients, c)
		c.room.members = append(c.room.members, c)
	}
	return w
}

// talk is the run proper, from when all are there.
func (w *crowd) talk(ctx context.Context) *Summary {
	w.start = time.Now()
	w.began.Store(true)
	before := w.now(0)
	var live sync.WaitGroup
	watching, stop := context.WithCancel(ctx)
	live.Go(func() { w.watch(watching) })
	w.keepPace(ctx)
	w.settled(ctx)
	stop()
	live.Wait()
	s := &Summary{Figures: w.now(w.since()).since(before)}
	for _, c := range w.clients {
		letters, _ := c.owed()
		s.Unanswered += letters
	}
	if ctx.Err() == nil {
		s.Checked = w.judge(ctx)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	s.Violations, s.Broken, s.Complaints = w.violations, w.words, w.complaints
	return s
}

// watch tells every second what happened.
func (w *crowd) watch(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for last := w.now(0); ; {
		select {
		case <-second.C:
		case <-ctx.Done():
			return
		}
		now := w.now(w.since())
		w.config.Live(now.since(last))
		last = now
	}
}

// settled waits until everybody is there, everything is answered, and heard, but not for ever.
func (w *crowd) settled(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settling)
	defer cancel()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !w.quiet() {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

func (w *crowd) quiet() bool {
	for _, c := range w.clients {
		if letters, here := c.owed(); letters > 0 || !here {
			return false
		}
	}
	for _, r := range w.rooms {
		acked := r.acked()
		for _, c := range r.members {
			if c.heard() < acked {
				return false
			}
		}
	}
	return true
}

// dial brings who waits, one after the other.
func (w *crowd) dial() {
	for {
		select {
		case c := <-w.waiting:
			if err := w.bring(c); err != nil && w.ctx.Err() == nil {
				w.errors.Add(1)
				w.complain(err.Error())
				c.absent()
			}
		case <-w.ctx.Done():
			return
		}
	}
}

func (w *crowd) bring(c *client) error {
	visit, err := c.visit()
	if err != nil {
		return err
	}
	on := &ear{client: c}
	if on.line, err = w.door.Open(w.ctx, visit, on); err != nil {
		return err
	}
	landed := c.attach(on)
	if landed == nil {
		on.line.Close()
		return nil
	}
	select {
	case <-landed:
	case <-w.ctx.Done():
	}
	return nil
}

// again has a client come back after a while.
func (w *crowd) again(c *client, after time.Duration) {
	if w.ctx.Err() != nil {
		return
	}
	if after == 0 {
		w.waiting <- c
		return
	}
	time.AfterFunc(after, func() { w.waiting <- c })
}

// repeats reports whether what was not acknowledged may be sent again, and is stored once.
func (w *crowd) repeats() bool {
	return !doors.Mute(w.door) && (w.config.Token != nil || doors.KeepsGuests(w.door))
}

// arrived counts one who has joined.
func (w *crowd) arrived() {
	if int(w.connected.Add(1)) == len(w.clients) {
		w.once.Do(func() { close(w.complete) })
	}
}

// since is the time since the start; 0 before it.
func (w *crowd) since() time.Duration {
	if !w.began.Load() {
		return 0
	}
	return time.Since(w.start)
}

// broken notes a promise that the server has not kept.
func (w *crowd) broken(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.violations++
	if len(w.words) < maxBroken {
		w.words = append(w.words, fmt.Sprintf(format, args...))
	}
}

// complain counts a failure by its words, of which there may be so many.
func (w *crowd) complain(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	why = numbers.ReplaceAllString(why, "…")
	if _, known := w.complaints[why]; known || len(w.complaints) < maxBroken {
		w.complaints[why]++
	}
}

func (w *crowd) complained() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.complaints)
}

// numbers are what makes words about the same failure differ: ports.
var numbers = regexp.MustCompile(`:\d+`)
