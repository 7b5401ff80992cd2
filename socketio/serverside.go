package socketio

import (
	"context"
	"slices"

	wire "github.com/vechehq/veche/wire/socketio"
)

// ServerSideEmit sends an event to the other nodes, where handlers of OnServer get it.
func (n *Namespace) ServerSideEmit(event string, args ...any) error {
	data, attachments, err := appendArgs(args)
	if err != nil {
		return err
	}
	n.operator().tell(order{Do: "server", Names: []string{event}, Data: data, Attachments: attachments})
	return nil
}

// ServerSideEmitWithAck is ServerSideEmit that waits until the other nodes have answered or ctx ends, for 5 s if that has no deadline. It
// returns one answer of each node that has given one; with ErrNodes nodes are missing.
func (n *Namespace) ServerSideEmitWithAck(ctx context.Context, event string, args ...any) ([]Args, error) {
	data, attachments, err := appendArgs(args)
	if err != nil {
		return nil, err
	}
	ctx, cancel := limited(ctx)
	defer cancel()
	orders, err := n.operator().ask(ctx, order{Do: "server question", Names: []string{event}, Data: data, Attachments: attachments})()
	var answers []Args
	for _, o := range orders {
		for _, r := range o.Answers {
			answers = append(answers, Args{wire.Elements(r.Data), r.Attachments})
		}
	}
	return answers, err
}

// OnServer adds a handler of another node's ServerSideEmit: a function as Socket.On takes it. It is called on a goroutine of its own.
// A last parameter of type Ack, or what it returns, answers a ServerSideEmitWithAck.
func (n *Namespace) OnServer(event string, f any) {
	run := reflected(f)
	n.mu.Lock()
	defer n.mu.Unlock()
	n.servers = append(slices.Clip(n.servers), handler{event, run})
}

// heard calls the handlers of another node's event, and reports whether there are any. back takes the first answer; it may be nil.
func (n *Namespace) heard(o *order, back func(Args)) bool {
	if len(o.Names) == 0 {
		return false
	}
	n.mu.Lock()
	handlers := n.servers
	n.mu.Unlock()
	args := Args{wire.Elements(o.Data), o.Attachments}
	e := &Event{Name: o.Names[0], Args: args, asked: back != nil, back: back}
	for _, h := range handlers {
		if h.event != e.Name {
			continue
		}
		if err := h.run(nil, args, e); err != nil {
			n.server.options.Log.Warn("socket.io: an event of another node is refused", "event", e.Name, "err", err)
		}
	}
	return handles(handlers, e.Name)
}

// answers returns what the handlers of another node's event answer: one answer, or none where nobody handles it. The error is ctx's,
// which ended first.
func (n *Namespace) answers(ctx context.Context, o *order) ([]Args, error) {
	came := make(chan Args, 1)
	if !n.heard(o, func(a Args) { came <- a }) {
		return nil, nil
	}
	select {
	case a := <-came:
		return []Args{a}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
