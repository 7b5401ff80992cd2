package native

import (
	"github.com/vechehq/veche/gateway/line"
	"github.com/vechehq/veche/gateway/objects"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
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
		return objects.Message(m).Append(make([]byte, 0, len(m.Body.Data)+line.MessageSize))
	})
}

func signalFrame(s *hub.Signal) *transport.Frame {
	return frame(s.Forms(), func() []byte {
		return objects.Signal(s).Append(nil)
	})
}

func receiptFrame(r *hub.ReceiptEvent) *transport.Frame {
	return frame(r.Forms(), func() []byte {
		return objects.Receipt(r).Append(nil)
	})
}

func presenceFrame(p *hub.Presence) *transport.Frame {
	return frame(p.Forms(), func() []byte {
		return objects.Presence(p).Append(nil)
	})
}
