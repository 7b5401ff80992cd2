package client

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"sync"

	"github.com/vechehq/veche/wire/native"
)

// maxSignals is how many signals to the user wait for Signals; beyond it the oldest is dropped.
const maxSignals = 64

// State says where a client's connection stands.
type State string

const (
	Connecting State = "connecting" // an attempt is under way
	Online     State = "online"     // the server has welcomed us
	Waiting    State = "waiting"    // the last attempt failed, or the connection broke; the next one comes
	Ended      State = "ended"      // closed, or the server will not have us: Client.Err says why
)

// Client is a connection to a server, which comes back by itself, and the rooms on it. It is safe for
// concurrent use. Close it.
//
// One mutex guards the client and all that belongs to it; it is never held while anything waits, and
// comes before the locks of ws.
type Client struct {
	options Options
	dialer  dialer
	log     *slog.Logger
	ctx     context.Context // ends with Close
	stop    context.CancelFunc
	done    chan struct{} // closed when the last goroutine has ended

	mu sync.Mutex
	// guarded by mu
	state     State
	err       error // why it ended
	user      User
	name      string // asked for, of a guest
	resume    string
	session   *session // nil unless welcomed
	limits    native.Limits
	rooms     map[string]*Room
	unsent    int       // messages in the outboxes of all rooms, ≤ maxUnsent
	unsentLen int       // their bytes
	signals   []*Signal // to the user, ≤ maxSignals
	moved     broadcast // the state, a room's state, or the session is another
	eased     broadcast // something left an outbox
	signalled broadcast
}

// Dial connects to a server and waits until it has welcomed us. The address begins with ws://, wss://,
// http:// or https://; without a path it is that of /ws. Until ctx ends it tries again, as the client
// does later; what the server refuses for good is an *Error. The context is for the beginning only.
func Dial(ctx context.Context, address string, o *Options) (*Client, error) {
	c, err := Connect(address, o)
	if err != nil {
		return nil, err
	}
	if err := c.Ready(ctx); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

// Connect is Dial for a program that does not want to wait: it returns at once, and its error is about
// the address only.
func Connect(address string, o *Options) (*Client, error) {
	options := o.withDefaults()
	d, err := newWebSocket(address, &options)
	if err != nil {
		return nil, err
	}
	return start(d, options), nil
}

// start runs a client over a dialer.
func start(d dialer, o Options) *Client {
	ctx, stop := context.WithCancel(context.Background())
	c := &Client{
		options: o, dialer: d, log: o.Log, ctx: ctx, stop: stop, done: make(chan struct{}),
		state: Connecting, name: o.Name, resume: o.Resume, rooms: map[string]*Room{},
	}
	go c.run()
	return c
}

// Close ends the connection, and with it every call that waits, with ErrClosed. Unsent messages are given
// up. It waits for the client's goroutines, and for the server's answer at most a second. It returns nil.
func (c *Client) Close() error {
	c.stop()
	<-c.done
	return nil
}

// Ready waits until the server has welcomed us. Its error is ctx's, or Err.
func (c *Client) Ready(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.await(ctx, &c.moved, func() (bool, error) { return c.session != nil, c.err })
}

// State says where the connection stands.
func (c *Client) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state
}

// StateChange waits until the state is another than from, and returns it.
func (c *Client) StateChange(ctx context.Context, from State) (State, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.await(ctx, &c.moved, func() (bool, error) { return c.state != from, nil })
	return c.state, err
}

// Err says why the client has ended: ErrClosed, or an *Error or *ws.CloseError of the server's. Nil before.
func (c *Client) Err() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// User is who we are; zero before the first welcome. A guest may become another one, when the server has
// lost its key.
func (c *Client) User() User {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.user
}

// Resume is what Options.Resume wants in another run, for the same user to come back; "" before the first
// welcome. It is a secret, and changes with each connection.
func (c *Client) Resume() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.resume
}

// Rename gives a guest another name, for good.
func (c *Client) Rename(ctx context.Context, name string) error {
	online := func() (bool, error) { return c.session != nil, c.err }
	_, err := c.ask(ctx, online, func(id native.ID) native.Request { return &native.Hello{ID: id, Name: name} })
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.name = name
	return nil
}

// Signals gives the signals that are sent to the user, not to a room, until ctx ends or the client does;
// then the error comes once, as the last.
func (c *Client) Signals(ctx context.Context) iter.Seq2[*Signal, error] {
	return func(yield func(*Signal, error) bool) {
		for {
			s, err := c.nextSignal(ctx)
			if !yield(s, err) || err != nil {
				return
			}
		}
	}
}

func (c *Client) nextSignal(ctx context.Context) (*Signal, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	err := c.await(ctx, &c.signalled, func() (bool, error) { return len(c.signals) > 0, c.err })
	if err != nil {
		return nil, err
	}
	s := c.signals[0]
	c.signals = c.signals[1:]
	return s, nil
}

// ask makes a request when ready says so, and again on the next connection, or after a while if the
// server says that this may help, until there is an answer for good.
func (c *Client) ask(ctx context.Context, ready func() (bool, error), request func(native.ID) native.Request) (native.Event, error) {
	for tries := (backoff{}); ; {
		e, err := c.askOnce(ctx, ready, request)
		switch {
		case err == nil:
			return e, nil
		case errors.Is(err, errLost):
			continue
		case !mayRetry(err):
			return nil, err
		}
		if err := sleep(ctx, tries.next()); err != nil {
			return nil, err
		}
	}
}

func (c *Client) askOnce(ctx context.Context, ready func() (bool, error), request func(native.ID) native.Request) (native.Event, error) {
	type answer struct {
		event native.Event
		err   error
	}
	answered := make(chan answer, 1)
	c.mu.Lock()
	err := c.await(ctx, &c.moved, ready)
	if err == nil {
		c.session.ask(request(c.session.newID()), func(e native.Event, err error) { answered <- answer{e, err} })
	}
	c.mu.Unlock()
	if err != nil {
		return nil, err
	}
	select {
	case a := <-answered:
		return a.event, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
