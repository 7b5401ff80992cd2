package ws

import "github.com/vechehq/veche/ws/internal/flate"

// deflater compresses messages for the peer: RFC 7692, section 7.2.1. It keeps no codec between
// messages: with takeover only the end of what was sent, which the next message may refer to.
type deflater struct {
	takeover  bool
	window    int // how far back a message may refer, bytes: 256 to maxWindow
	threshold int // messages below it are sent as they are
	dict      []byte
}

const maxWindow = flate.MaxWindow

// maxDict is how much of the past a message looks at, bytes. More finds little more in messages of
// the kind that takeover is for, and each has to look it through.
const maxDict = 4 << 10

// message appends p, compressed, to out. It does not remember p.
func (d *deflater) message(out *buffer, p []byte) {
	out.b = flate.Deflate(out.b, p, d.dict, d.window)
}

// remember is called when p was sent compressed: the peer's window has it now.
func (d *deflater) remember(p []byte) {
	if d.takeover {
		d.dict = slide(d.dict, p, min(maxDict, d.window))
	}
}
