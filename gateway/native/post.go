package native

import (
	"cmp"
	"sync"

	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

// maxBatch is how many objects one request may bring.
const maxBatch = 256

// maxReply is how many bytes of answers a request may have got for history and presence still to be
// answered; above it they are CodeBusy. So all answers together are at most about twice as much.
const maxReply = 1 << 20

// Post does what one request of HTTP brings, an object or an array of them, and returns the answer with
// its HTTP status: each object's in its place. It waits for commits, but for nothing else.
func (g *Gateway) Post(v Visit, text []byte) (status int, answer []byte) {
	if v.Err != nil {
		return Refuse(v.Err)
	}
	objects, array, ok := wire.Split(text)
	switch {
	case !ok:
		return Refuse(&hub.Error{Code: hub.CodeBadRequest, Message: "that is no JSON"})
	case len(objects) > maxBatch:
		return Refuse(&hub.Error{Code: hub.CodeTooLarge, Message: "more than 256 objects at once"})
	}
	p := &post{home: g, caller: v, answers: make([][]byte, len(objects)), statuses: make([]int, len(objects))}
	if u, err := v.caller(); err == nil {
		if p.visit, err = g.config.Hub.Visit(u, v.Session); err != nil {
			return Refuse(err)
		}
	}
	for i, object := range objects {
		p.do(i, object)
	}
	p.sends.Wait()
	if array {
		return 200, append(wire.AppendArray(nil, p.answers), '\n')
	}
	return p.statuses[0], append(p.answers[0], '\n')
}

// Refuse returns the answer that an error is, with its HTTP status.
func Refuse(err error) (status int, answer []byte) {
	e := hub.AsError(err)
	return wire.Status(string(e.Code), e.Retry), append(refusal("", "", e).Append(nil), '\n')
}

// post is one request of HTTP.
type post struct {
	home     *Gateway
	caller   Visit
	visit    *hub.Visit // nil while nobody has said who calls
	spoken   bool       // something was done: the user cannot change any more
	sends    sync.WaitGroup
	answers  [][]byte // sends write theirs at any time before sends is done
	statuses []int
	size     int // of the answers, but those of sends
}

// do does what one object wants. What is sent one after another is committed together; everything else
// waits for that, so that all take effect in order.
func (p *post) do(i int, object []byte) {
	r, err := wire.Decode(object)
	if err != nil {
		var id wire.ID
		if de, ok := err.(*wire.DecodeError); ok {
			id = de.ID
		}
		p.fail(i, id, "", badRequest(err))
		return
	}
	if send, ok := r.(*wire.Send); ok && p.visit != nil {
		p.spoken = true
		p.send(i, send)
		return
	}
	p.sends.Wait()
	if hello, ok := r.(*wire.Hello); ok {
		p.hello(i, hello)
		return
	}
	if p.visit == nil {
		p.fail(i, r.RequestID(), "", &hub.Error{Code: hub.CodeUnauthorized, Message: "a token is required here"})
		return
	}
	p.spoken = true
	p.request(i, r)
}

func (p *post) request(i int, r wire.Request) {
	switch r := r.(type) {
	case *wire.Signal:
		p.done(i, r.ID, r.Room, p.visit.Signal(signal(r)))
	case *wire.Receipt:
		p.done(i, r.ID, r.Room, wait(func(done func(error)) { p.visit.Receipt(receipt(r), done) }))
	case *wire.PresenceQuery:
		p.present(i, r)
	case *wire.History:
		p.history(i, r)
	case *wire.Ping:
		p.answer(i, &wire.Pong{ID: r.ID})
	default:
		p.fail(i, r.RequestID(), "", &hub.Error{Code: hub.CodeBadRequest, Message: "rooms are joined by /events and /poll"})
	}
}

// wait waits for a call that answers by calling back.
func wait(call func(done func(error))) error {
	answer := make(chan error, 1)
	call(func(err error) { answer <- err })
	return <-answer
}

func (p *post) send(i int, r *wire.Send) {
	p.sends.Add(1)
	p.visit.Send(draft(r), func(sent hub.Sent, err error) {
		defer p.sends.Done()
		if err != nil {
			e := hub.AsError(err)
			p.answers[i], p.statuses[i] = refusal(r.ID, r.Room, e).Append(nil), wire.Status(string(e.Code), e.Retry)
			return
		}
		p.answers[i], p.statuses[i] = sentOK(r, sent).Append(nil), 200
	})
}

func (p *post) present(i int, r *wire.PresenceQuery) {
	if p.full(i, r) {
		return
	}
	ok := &wire.PresenceOK{ID: r.ID, Room: r.Room}
	err := wait(func(done func(error)) {
		p.visit.Present(r.Room, func(us []hub.User, count int, err error) {
			ok.Users, ok.Count = objects.Users(us), count
			done(err)
		})
	})
	if err != nil {
		p.fail(i, r.ID, r.Room, err)
		return
	}
	p.answer(i, ok)
}

func (p *post) history(i int, r *wire.History) {
	if p.full(i, r) {
		return
	}
	pg := &page{id: r.ID, Page: line.Page{Backward: !r.Forward}}
	err := wait(func(done func(error)) {
		p.visit.History(r.Room, objects.HistoryQuery(r), func(h hub.History, err error) {
			pg.History = h
			done(err)
		})
	})
	if err != nil {
		p.fail(i, r.ID, r.Room, err)
		return
	}
	p.answer(i, pg.encode())
}

// full answers CodeBusy when there are too many answers already.
func (p *post) full(i int, r wire.Request) bool {
	if p.size < maxReply {
		return false
	}
	p.fail(i, r.RequestID(), "", &hub.Error{Code: hub.CodeBusy, Message: "too much is asked for at once", Retry: true})
	return true
}

// hello says who makes the rest of the request, and renews the session in whose name it is made.
func (p *post) hello(i int, h *wire.Hello) {
	var now hub.User
	name := p.caller.Session
	if p.visit != nil {
		now, name = p.visit.Session().User(), p.visit.Session().ID()
	}
	u, before, err := p.home.identify(h, now, nil)
	if u.ID != now.ID {
		name = ""
	}
	if err == nil && p.spoken && u.ID != now.ID {
		err = &hub.Error{Code: hub.CodeForbidden, Message: "another user needs another request"}
	}
	var visit *hub.Visit
	if err == nil {
		visit, err = p.home.config.Hub.Visit(u, cmp.Or(before, name))
	}
	if err == nil {
		err = visit.Renew(u)
	}
	if err != nil {
		p.fail(i, h.ID, "", err)
		return
	}
	p.visit = visit
	p.answer(i, p.home.greet(visit.Session()))
}

func (p *post) done(i int, id wire.ID, room string, err error) {
	if err != nil {
		p.fail(i, id, room, err)
		return
	}
	p.answer(i, &wire.OK{ID: id, Room: room})
}

func (p *post) answer(i int, e wire.Event) {
	p.answers[i], p.statuses[i] = e.Append(nil), 200
	p.size += len(p.answers[i])
}

func (p *post) fail(i int, id wire.ID, room string, err error) {
	e := hub.AsError(err)
	p.answers[i], p.statuses[i] = refusal(id, room, e).Append(nil), wire.Status(string(e.Code), e.Retry)
}
