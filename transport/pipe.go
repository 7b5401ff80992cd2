package transport

import "github.com/vechehq/veche/ws"

// Message is one message of a client or to it.
type Message struct {
	Binary bool   // else it is UTF-8 text
	Data   []byte // in Handler.Receive valid until it returns
}

// Pipe is a two-way stream of messages to one client, as its session sees it. Its methods never
// block and never call the session back; they may be called by any goroutine.
type Pipe interface {
	// Send sends a message, whose Data may be used again when it returns. It is called from Receive
	// or Drain; what is sent in one Drain leaves in one write. A pipe that has ended, or a message
	// that is out of all bounds, is an error.
	Send(m Message) error
	// SendShared is Send for a message that goes to many pipes.
	SendShared(f *Frame) error
	// Wake asks for a Drain. It costs little when that was asked already, and may be called with any
	// lock held. A Drain begins after it.
	Wake()
	// Pause stops Receive from being called, apart from one call that may be under way, and lets the
	// client wait. Resume ends that.
	Pause()
	Resume()
	// Close ends the pipe after what was sent, with a WebSocket close code and a reason of at most
	// 123 bytes. Nothing is received any more. Closed follows.
	Close(code uint16, reason string)
	// Transport names the way the client came: "websocket", or "websocket/h2" for a stream of HTTP/2.
	Transport() string
}

// Handler is a session at the end of a pipe. Its methods must not block.
type Handler interface {
	// Receive gets each message of the client, one at a time.
	Receive(m Message)
	// Drain is called after Wake, and once at the beginning, when everything that was sent earlier is
	// out of our hands: so a client that does not read is not drained. It sends some of what there is
	// and reports whether there is more. It is never called concurrently with itself, but it may be
	// while Receive runs.
	Drain() (more bool)
	// Closed is the last call, once. err is nil if the client closed in order.
	Closed(err error)
}

// Frame is a message made ready for many pipes. It is immutable.
type Frame struct {
	message  Message
	prepared *ws.Prepared
}

// Shared makes a message ready. It keeps m.Data, which is not to be changed any more.
func Shared(m Message) *Frame {
	return &Frame{message: m, prepared: ws.NewPrepared(messageType(m), m.Data)}
}

// Binary tells what kind of message it is.
func (f *Frame) Binary() bool { return f.message.Binary }

// Data is the message's, not to be changed.
func (f *Frame) Data() []byte { return f.message.Data }

func messageType(m Message) ws.MessageType {
	if m.Binary {
		return ws.Binary
	}
	return ws.Text
}
