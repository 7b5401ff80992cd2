package ws

import (
	"strconv"
	"strings"
)

// frameDeflateDraft describes what came before RFC 7692 and WebKit asked for under two names: each
// data frame is compressed by itself, or is not, and its RSV1 says which.
const frameDeflateDraft = "draft-tyoshino-hybi-websocket-perframe-deflate-06"

// acceptFrameDeflate is acceptDeflate for clients that know the draft only. A parameter limits the
// side that receives it.
func acceptFrameDeflate(offers []extension, o *Options) (*deflateParams, string) {
	for _, e := range offers {
		if !strings.EqualFold(e.name, "deflate-frame") && !strings.EqualFold(e.name, "x-webkit-deflate-frame") {
			continue
		}
		d, ok := parseFrameDeflate(e)
		switch {
		case !ok:
			continue
		case o.Compression == CompressionNoTakeover:
			d.serverNoTakeover, d.clientNoTakeover = true, true
			return &d, e.name + "; no_context_takeover"
		case o.windowBits() < maxBits:
			d.clientBits = o.windowBits()
			return &d, e.name + "; max_window_bits=" + strconv.Itoa(d.clientBits)
		}
		return &d, e.name
	}
	return nil, ""
}

// parseFrameDeflate reads an offer's parameters; ok is false if there is one that is unknown, doubled
// or invalid.
func parseFrameDeflate(e extension) (d deflateParams, ok bool) {
	d.perFrame = true
	for _, p := range e.params {
		switch {
		case p.name == "no_context_takeover" && !p.valued && !d.serverNoTakeover:
			d.serverNoTakeover = true
		case p.name == "max_window_bits" && d.serverBits == 0:
			if d.serverBits, ok = windowBits(p.value); !ok {
				return d, false
			}
		default:
			return d, false
		}
	}
	return d, true
}

// deflatedFrame takes payload of a frame that is compressed by itself. What it inflates to goes the
// way of payload that came plain.
func (p *parser) deflatedFrame(chunk []byte) (event, bool, error) {
	m := &p.msg
	if m.frame == nil {
		m.frame = newBuffer()
	}
	m.frame.b = append(m.frame.b, chunk...)
	if p.frame.open {
		return event{}, false, nil
	}
	if m.buf == nil {
		m.buf = newBuffer()
	}
	out, err := p.inflate.message(m.frame, p.max-int64(len(m.buf.b)))
	m.frame.free()
	m.frame = nil
	if err != nil {
		return event{}, false, p.inflateError(err)
	}
	defer out.free()
	m.announce = uint64(len(m.buf.b) + len(out.b)) // in place of the frame's own length
	return p.plainPayload(out.b)
}
