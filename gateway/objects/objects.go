// Package objects says what the hub says in the native protocol's objects, and the reverse. It is what
// the gateways that have these objects share: native, which sends them as they are, and socketio, which
// sends them as the arguments of events.
//
// It turns values into values. How they are sent, once or to many, is the gateway's matter.
package objects

import (
	"github.com/vechehq/veche/hub"
	wire "github.com/vechehq/veche/wire/native"
)

// Message is a message as its readers are told it.
func Message(m *hub.Message) *wire.Message {
	return &wire.Message{Room: m.Room, Seq: m.Seq, From: m.From, Name: m.Name, At: m.At, CID: m.CID, Kind: m.Kind, Body: content(m.Body)}
}

// Signal is a signal as others are told it.
func Signal(s *hub.Signal) *wire.Signal {
	return &wire.Signal{Room: s.Room, From: s.From, Name: s.Name, Kind: s.Kind, Body: content(s.Body)}
}

// Receipt is a change of somebody's watermarks.
func Receipt(r *hub.ReceiptEvent) *wire.Receipt {
	return &wire.Receipt{Room: r.Room, User: r.User, Received: r.Received, Read: r.Read}
}

// Presence is who came and who went.
func Presence(p *hub.Presence) *wire.Presence {
	return &wire.Presence{Room: p.Room, Whole: p.Whole, Joined: Users(p.Joined), Left: Users(p.Left), Count: p.Count}
}

// Gap is what will not be pushed.
func Gap(g *hub.Gap) *wire.Gap {
	return &wire.Gap{Room: g.Room, From: g.From, To: g.To, Why: string(g.Why)}
}

// Joined answers a join.
func Joined(id wire.ID, j hub.Joined) *wire.JoinOK {
	ok := &wire.JoinOK{ID: id, Room: j.Room, Head: j.Head, Epoch: j.Epoch, Recovered: j.Recovered,
		Count: j.Count, Received: j.Own.Received, Read: j.Own.Read}
	for _, r := range j.Receipts {
		ok.Receipts = append(ok.Receipts, wire.Receipt{User: r.User, Received: r.Received, Read: r.Read})
	}
	return ok
}

// Users are users with their names.
func Users(us []hub.User) []wire.User {
	ws := make([]wire.User, len(us))
	for i, u := range us {
		ws[i] = wire.User{ID: u.ID, Name: u.Name}
	}
	return ws
}

// HistoryQuery is what a request for history asks for.
func HistoryQuery(r *wire.History) hub.HistoryQuery {
	q := hub.HistoryQuery{Before: r.Before, Limit: r.Limit}
	if r.Forward {
		q.After = &r.After
	}
	return q
}

// Body is what came off the wire, in the hub's form.
func Body(b wire.Body) hub.Body {
	switch b.Format {
	case wire.Text:
		return hub.Body{Format: hub.Text, Data: b.Data}
	case wire.Bytes:
		return hub.Body{Format: hub.Bytes, Type: b.Type, Data: b.Data}
	}
	return hub.Body{Format: hub.JSON, Data: b.Data}
}

// content is the reverse of Body. JSON without any text is a signal's empty body.
func content(b hub.Body) wire.Body {
	switch {
	case b.Format == hub.Text:
		return wire.Body{Format: wire.Text, Data: b.Data}
	case b.Format == hub.Bytes:
		return wire.Body{Format: wire.Bytes, Type: b.Type, Data: b.Data}
	case len(b.Data) == 0:
		return wire.Body{}
	}
	return wire.Body{Format: wire.JSON, Data: b.Data}
}
