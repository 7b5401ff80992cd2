package native

import (
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/native"
)

// form is where shared events keep their native JSON, as a *transport.Frame.
var form = hub.NewForm()

func frame(fs *hub.Forms, encode func() []byte) *transport.Frame {
	return fs.Get(form, func() any {
		return transport.Shared(transport.Message{Data: encode()})
	}).(*transport.Frame)
}

func messageFrame(m *hub.Message) *transport.Frame {
	return frame(m.Forms(), func() []byte {
		w := wire.Message{Room: m.Room, Seq: m.Seq, From: m.From, Name: m.Name, At: m.At, CID: m.CID,
			Kind: m.Kind, Body: content(m.Body)}
		return w.Append(make([]byte, 0, len(m.Body.Data)+overhead))
	})
}

func signalFrame(s *hub.Signal) *transport.Frame {
	return frame(s.Forms(), func() []byte {
		w := wire.Signal{Room: s.Room, From: s.From, Name: s.Name, Kind: s.Kind, Body: content(s.Body)}
		return w.Append(nil)
	})
}

func receiptFrame(r *hub.ReceiptEvent) *transport.Frame {
	return frame(r.Forms(), func() []byte {
		w := wire.Receipt{Room: r.Room, User: r.User, Received: r.Received, Read: r.Read}
		return w.Append(nil)
	})
}

func presenceFrame(p *hub.Presence) *transport.Frame {
	return frame(p.Forms(), func() []byte {
		w := wire.Presence{Room: p.Room, Whole: p.Whole, Joined: users(p.Joined), Left: users(p.Left), Count: p.Count}
		return w.Append(nil)
	})
}

func users(us []hub.User) []wire.User {
	ws := make([]wire.User, len(us))
	for i, u := range us {
		ws[i] = wire.User{ID: u.ID, Name: u.Name}
	}
	return ws
}

// body turns what came off the wire into the hub's form.
func body(b wire.Body) hub.Body {
	switch b.Format {
	case wire.Text:
		return hub.Body{Format: hub.Text, Data: b.Data}
	case wire.Bytes:
		return hub.Body{Format: hub.Bytes, Type: b.Type, Data: b.Data}
	}
	return hub.Body{Format: hub.JSON, Data: b.Data}
}

// content turns the hub's form into what goes on the wire. JSON without any text is a signal's empty
// body.
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
