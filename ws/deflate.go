package ws

import (
	"sync"

	"github.com/klauspost/compress/flate"
)

// deflater compresses messages for the peer: RFC 7692, section 7.2.1. It keeps no codec between
// messages: with takeover only the end of what was sent, which the next message may refer to.
type deflater struct {
	takeover  bool
	window    int // how far back a message may refer, bytes: 256 to maxWindow
	threshold int // messages below it are sent as they are
	dict      []byte
}

const (
	maxWindow = 32 << 10
	maxDict   = 8 << 10 // what the codec looks at
	syncTail  = 4       // "Remove 4 octets (that are 0x00 0x00 0xff 0xff) from the tail end"
)

var flateWriters = sync.Pool{New: func() any {
	w, _ := flate.NewWriter(nil, flate.BestSpeed) // fails for bad levels only
	return w
}}

// message appends p, compressed, to out. It does not remember p.
func (d *deflater) message(out *buffer, p []byte) {
	if len(d.dict) == 0 && len(p) <= d.window {
		deflateAlone(out, p)
	} else {
		d.deflateBehind(out, p)
	}
	out.b = out.b[:len(out.b)-syncTail]
}

// remember is called when p was sent compressed: the peer's window has it now.
func (d *deflater) remember(p []byte) {
	if d.takeover {
		d.dict = slide(d.dict, p, d.reach())
	}
}

// deflateAlone compresses p, which fits in the window, with nothing before it.
func deflateAlone(out *buffer, p []byte) {
	w := flateWriters.Get().(*flate.Writer)
	w.Reset(out)
	_, _ = w.Write(p) // writes to memory do not fail
	_ = w.Flush()
	w.Reset(nil)
	flateWriters.Put(w)
}

// deflateBehind compresses p behind the dictionary. In a window smaller than the codec's own it goes
// piece by piece, so that no reference reaches out of it.
func (d *deflater) deflateBehind(out *buffer, p []byte) {
	piece := len(p)
	if d.window < maxWindow {
		piece = d.window / 2
	}
	before := d.dict
	for len(p) > 0 {
		n := min(piece, len(p))
		_ = flate.StatelessDeflate(out, p[:n], false, before) // writes to memory do not fail
		before, p = p[:n], p[n:]
	}
}

// reach is how much of the past a message looks at.
func (d *deflater) reach() int { return min(maxDict, d.window/2) }
