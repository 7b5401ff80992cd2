package ws

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"

	"github.com/klauspost/compress/flate"
)

// inflater reads the peer's compressed messages: RFC 7692, section 7.2.2.
type inflater struct {
	takeover bool   // immutable: messages may refer to earlier ones
	window   int    // immutable: how far back, bytes
	perFrame bool   // immutable: what is compressed is a frame, not a message
	dict     []byte // with takeover: the end of what was inflated so far; len(dict) ≤ window
}

// maxStreams bounds what a peer can make us begin anew within one message; one is usual.
const maxStreams = 16

var (
	errInflatesTooBig = errors.New("ws: inflates to more than the limit")
	errStreams        = errors.New("ws: too many final blocks in one message")
)

// inflateTail is appended to each message: "Append 4 octets of 0x00 0x00 0xff 0xff to the tail end of
// the payload of the message", and then an empty final block, so that the reader sees an end.
var inflateTail = []byte{0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff}

type flateReader struct {
	src bytes.Reader
	io.ReadCloser
}

var flateReaders = sync.Pool{New: func() any {
	r := new(flateReader)
	r.ReadCloser = flate.NewReader(&r.src)
	return r
}}

// message inflates in, to which it appends, into a new buffer of at most max bytes.
func (f *inflater) message(in *buffer, max int64) (*buffer, error) {
	in.b = append(in.b, inflateTail...)
	r := flateReaders.Get().(*flateReader)
	defer flateReaders.Put(r)
	r.src.Reset(in.b)
	defer r.src.Reset(nil)

	out := newBuffer()
	if err := f.streams(r, out, max); err != nil {
		out.free()
		return nil, err
	}
	if f.takeover {
		f.dict = slide(f.dict, out.b, f.window)
	}
	return out, nil
}

// streams inflates all of a message. A block with BFINAL ends a stream before the tail (section
// 7.2.3.4); what follows it is another stream over the same window.
func (f *inflater) streams(r *flateReader, out *buffer, max int64) error {
	for range maxStreams {
		err := f.stream(r, out, max)
		if err != nil || r.src.Len() == 0 || r.src.Len() == len(inflateTail) {
			return err
		}
	}
	return errStreams
}

// stream inflates up to a final block.
func (f *inflater) stream(r *flateReader, out *buffer, max int64) error {
	dict := f.dict
	if len(out.b) > 0 {
		dict = slide(slices.Clone(f.dict), out.b, f.window)
	}
	if err := r.ReadCloser.(flate.Resetter).Reset(&r.src, dict); err != nil {
		return err
	}
	for {
		if len(out.b) == cap(out.b) {
			out.b = slices.Grow(out.b, 1)
		}
		room := min(int64(cap(out.b)), max+1)
		n, err := r.Read(out.b[len(out.b):room])
		out.b = out.b[:len(out.b)+n]
		switch {
		case int64(len(out.b)) > max:
			return errInflatesTooBig
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

// slide appends p to the window w and keeps its last size bytes.
func slide(w, p []byte, size int) []byte {
	if len(p) >= size {
		return append(w[:0], p[len(p)-size:]...)
	}
	if over := len(w) + len(p) - size; over > 0 {
		w = w[:copy(w, w[over:])]
	}
	return append(w, p...)
}
