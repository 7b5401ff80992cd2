package ws

import "github.com/vechehq/veche/ws/internal/flate"

// inflater reads the peer's compressed messages: RFC 7692, section 7.2.2.
type inflater struct {
	takeover bool   // immutable: messages may refer to earlier ones
	window   int    // immutable: how far back, bytes
	perFrame bool   // immutable: what is compressed is a frame, not a message
	dict     []byte // with takeover: the end of what was inflated so far; len(dict) ≤ window
}

// inflateTail: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of the payload of the message."
var inflateTail = []byte{0, 0, 0xff, 0xff}

var errInflatesTooBig = flate.ErrTooBig

// message inflates in, to which it appends, into a new buffer of at most max bytes.
func (f *inflater) message(in *buffer, max int64) (*buffer, error) {
	in.b = append(in.b, inflateTail...)
	out := newBuffer()
	b, err := flate.Inflate(out.b, in.b, f.dict, int(max))
	if err != nil {
		out.free()
		return nil, err
	}
	out.b = b
	if f.takeover {
		f.dict = slide(f.dict, out.b, f.window)
	}
	return out, nil
}

// slide appends p to the window w and keeps its last size bytes, in no more memory than that.
func slide(w, p []byte, size int) []byte {
	p = p[max(0, len(p)-size):]
	if over := len(w) + len(p) - size; over > 0 {
		w = w[:copy(w, w[over:])]
	}
	if n := len(w) + len(p); n > cap(w) {
		w = append(make([]byte, 0, min(size, max(n, 2*cap(w)))), w...)
	}
	return append(w, p...)
}
