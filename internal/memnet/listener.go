package memnet

import (
	"context"
	"net"
	"sync"
)

// Listener is a net.Listener whose connections are made by its own Dial.
type Listener struct {
	addr   addr
	queue  chan *Conn
	closed chan struct{}
	once   sync.Once
}

// Listen returns a listener that calls itself name, "server:80" if it is empty.
func Listen(name string) *Listener {
	if name == "" {
		name = "server:80"
	}
	return &Listener{addr: addr(name), queue: make(chan *Conn), closed: make(chan struct{})}
}

// Accept waits for the next Dial.
func (l *Listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.queue:
		return c, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "accept", Net: "mem", Addr: l.addr, Err: net.ErrClosed}
	}
}

// Dial connects to the listener; it returns when the other end was accepted.
func (l *Listener) Dial(ctx context.Context) (*Conn, error) {
	near, far := pipe("client:1024", l.addr, DefaultBuffer)
	select {
	case l.queue <- far:
		return near, nil
	case <-l.closed:
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: l.addr, Err: errRefused}
	case <-ctx.Done():
		return nil, &net.OpError{Op: "dial", Net: "mem", Addr: l.addr, Err: ctx.Err()}
	}
}

// DialContext has the form that http.Transport and ws.DialOptions want; it ignores the address.
func (l *Listener) DialContext(ctx context.Context, _, _ string) (net.Conn, error) {
	c, err := l.Dial(ctx)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Close makes Accept and Dial fail. Accepted connections live on.
func (l *Listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is the listener's name.
func (l *Listener) Addr() net.Addr { return l.addr }

type addr string

func (addr) Network() string  { return "mem" }
func (a addr) String() string { return string(a) }
