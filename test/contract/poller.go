// Long-polling, and POST.

package contract

import (
	"context"
	"encoding/json"
	"sync"
)

type poller struct {
	*visitor
	at string

	stop     context.CancelFunc
	polling  sync.WaitGroup
	refusal  chan Object
	answered chan struct{} // closed with the first answer
}

func (p *poller) Connect(ctx context.Context) error {
	p.start()
	select {
	case <-p.answered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (p *poller) start() {
	ctx, cancel := context.WithCancel(context.Background())
	p.stop, p.refusal, p.answered = cancel, make(chan Object, 1), make(chan struct{})
	p.polling.Go(func() { p.run(ctx, sync.OnceFunc(func() { close(p.answered) })) })
}

// run polls until it is stopped or refused. The first answer is not to wait.
func (p *poller) run(ctx context.Context, answered func()) {
	wait := "0"
	for ctx.Err() == nil {
		p.gate.pass()
		q := p.query()
		q.Set("wait", wait)
		q.Set("at", p.at)
		res, err := p.do(ctx, "GET", "/poll", q, nil)
		if err != nil {
			continue
		}
		if res.StatusCode != 200 {
			o, _ := refused(res)
			p.refusal <- o
			return
		}
		var answer struct {
			Rooms, At string
			Events    []Object
		}
		err = json.NewDecoder(res.Body).Decode(&answer)
		res.Body.Close()
		if err != nil || answer.At == "" {
			continue
		}
		for _, o := range answer.Events {
			p.hear(o)
		}
		p.move(answer.Rooms)
		p.at, wait = answer.At, "3" // who is there may be told with the answer only
		answered()
	}
}

func (p *poller) Say(ctx context.Context, o Object) (Object, error) {
	name, _ := o["room"].(string)
	begin := p.ears.count()
	switch o["type"] {
	case "join":
		p.enter(o)
		p.again()
		return p.entered(ctx, begin, name)
	case "leave":
		p.exit(name)
		p.Cut()
		return Object{"type": "ok"}, p.Connect(ctx)
	}
	return p.post(ctx, o)
}

// again lets the poll that waits go, for one about other rooms.
func (p *poller) again() {
	p.Cut()
	p.start()
}

// entered waits for the answer to a join: an event, or a refusal of the whole poll.
func (p *poller) entered(ctx context.Context, begin int, name string) (Object, error) {
	type answer struct {
		o   Object
		err error
	}
	told := make(chan answer, 1)
	go func() {
		o, err := p.joined(ctx, begin, name)
		told <- answer{o, err}
	}()
	select {
	case a := <-told:
		if a.o["type"] == "error" {
			p.again()
		}
		return a.o, a.err
	case o := <-p.refusal:
		p.exit(name)
		p.again()
		return o, nil
	}
}

func (p *poller) Stall(stalled bool) { p.gate.shut(stalled) }

func (p *poller) Cut() {
	p.stop()
	p.gate.shut(false)
	p.polling.Wait()
}

// Leave says with a last poll that the client is in no room any more.
func (p *poller) Leave() {
	p.Cut()
	q := p.query()
	q.Set("rooms", "")
	q.Set("wait", "0")
	q.Set("at", p.at)
	if res, err := p.do(context.Background(), "GET", "/poll", q, nil); err == nil {
		res.Body.Close()
	}
	p.http.CloseIdleConnections()
}
