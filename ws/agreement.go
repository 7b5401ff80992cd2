package ws

import (
	"strconv"
	"strings"
)

const deflateName = "permessage-deflate"

// deflateParams is what was agreed about permessage-deflate: RFC 7692, section 7.1.
type deflateParams struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits, clientBits             int // 8 to 15; 0 if not named
	clientBitsNamed                    bool
	perFrame                           bool // it is the older extension: see acceptFrameDeflate
}

// A window is of 256 bytes to 32 KiB.
const (
	minBits = 8
	maxBits = 15
)

const (
	paramServerNoTakeover = "server_no_context_takeover"
	paramClientNoTakeover = "client_no_context_takeover"
	paramServerBits       = "server_max_window_bits"
	paramClientBits       = "client_max_window_bits"
)

// parseDeflate reads an extension's parameters as an offer, or as an answer to one. ok is false if
// there is one that is unknown, doubled or invalid.
func parseDeflate(e extension, answer bool) (d deflateParams, ok bool) {
	seen := map[string]bool{}
	for _, p := range e.params {
		if seen[p.name] {
			return d, false
		}
		seen[p.name] = true
		switch p.name {
		case paramServerNoTakeover:
			d.serverNoTakeover, ok = true, !p.valued
		case paramClientNoTakeover:
			d.clientNoTakeover, ok = true, !p.valued
		case paramServerBits:
			d.serverBits, ok = windowBits(p.value)
		case paramClientBits:
			d.clientBitsNamed = true
			if ok = !p.valued && !answer; !ok {
				d.clientBits, ok = windowBits(p.value)
			}
		default:
			ok = false
		}
		if !ok {
			return d, false
		}
	}
	return d, true
}

// windowBits reads "a decimal integer value without leading zeroes between 8 to 15 inclusive".
func windowBits(s string) (int, bool) {
	n, err := strconv.Atoi(s)
	return n, err == nil && n >= minBits && n <= maxBits && strconv.Itoa(n) == s
}

// acceptDeflate chooses the first of a client's offers that the server can take, and writes the
// answer. A nil result means none.
func acceptDeflate(offers []extension, o *Options) (*deflateParams, string) {
	if o.Compression == CompressionOff {
		return nil, ""
	}
	newer := false
	for _, e := range offers {
		if !strings.EqualFold(e.name, deflateName) {
			continue
		}
		newer = true
		if d, ok := parseDeflate(e, false); ok {
			d.limitClient(o)
			return &d, d.String()
		}
	}
	if newer {
		return nil, ""
	}
	return acceptFrameDeflate(offers, o)
}

// limitClient makes a client's offer the answer, in which the client's window is no larger than it
// said and than the server wants to keep. "If a received extension negotiation offer doesn't have the
// 'client_max_window_bits' extension parameter, the corresponding extension negotiation response to
// the offer MUST NOT include" it: then there is no takeover.
func (d *deflateParams) limitClient(o *Options) {
	if o.Compression == CompressionNoTakeover {
		d.serverNoTakeover, d.clientNoTakeover = true, true
	}
	limit := o.windowBits()
	if d.clientBits != 0 {
		limit = min(limit, d.clientBits)
	}
	switch {
	case d.clientNoTakeover || limit == maxBits:
		d.clientBits = 0
	case d.clientBitsNamed:
		d.clientBits = limit
	default:
		d.clientNoTakeover = true
	}
	d.clientBitsNamed = d.clientBits != 0
}

// offerDeflate writes a client's offer.
func offerDeflate(o *Options) string {
	d := deflateParams{clientBitsNamed: true}
	switch {
	case o.Compression == CompressionOff:
		return ""
	case o.Compression == CompressionNoTakeover:
		d.serverNoTakeover, d.clientNoTakeover = true, true
	case o.windowBits() < maxBits:
		d.serverBits = o.windowBits()
	}
	return d.String()
}

// agreeDeflate checks the server's answer to offerDeflate. A nil result with an empty problem means
// that there is no compression.
func agreeDeflate(answer []extension, o *Options) (d *deflateParams, problem string) {
	if len(answer) == 0 {
		return nil, ""
	}
	if len(answer) > 1 || !strings.EqualFold(answer[0].name, deflateName) || o.Compression == CompressionOff {
		return nil, "server answered with an extension that was not offered"
	}
	p, ok := parseDeflate(answer[0], true)
	if !ok {
		return nil, "server answered with invalid parameters of permessage-deflate"
	}
	switch {
	case o.Compression == CompressionNoTakeover && !p.serverNoTakeover:
		return nil, "server did not confirm " + paramServerNoTakeover
	case o.Compression == CompressionNoTakeover:
		p.clientNoTakeover = true
	case o.windowBits() < maxBits && (p.serverBits == 0 || p.serverBits > o.windowBits()):
		return nil, "server did not confirm " + paramServerBits
	}
	return &p, ""
}

// String writes the parameters as in the header.
func (d *deflateParams) String() string {
	var b strings.Builder
	b.WriteString(deflateName)
	if d.serverNoTakeover {
		b.WriteString("; " + paramServerNoTakeover)
	}
	if d.clientNoTakeover {
		b.WriteString("; " + paramClientNoTakeover)
	}
	if d.serverBits != 0 {
		b.WriteString("; " + paramServerBits + "=" + strconv.Itoa(d.serverBits))
	}
	switch {
	case d.clientBits != 0:
		b.WriteString("; " + paramClientBits + "=" + strconv.Itoa(d.clientBits))
	case d.clientBitsNamed:
		b.WriteString("; " + paramClientBits)
	}
	return b.String()
}

// codecs makes the two ends of the agreement for one side.
func (d *deflateParams) codecs(side Side, threshold int) (*deflater, *inflater) {
	outPlain, outBits, inPlain, inBits := d.serverNoTakeover, d.serverBits, d.clientNoTakeover, d.clientBits
	if side == Client {
		outPlain, outBits, inPlain, inBits = inPlain, inBits, outPlain, outBits
	}
	if threshold <= 0 {
		threshold = takeoverThreshold
		if outPlain {
			threshold = defaultThreshold
		}
	}
	return &deflater{takeover: !outPlain, window: windowSize(outBits), threshold: threshold},
		&inflater{takeover: !inPlain, window: windowSize(inBits), perFrame: d.perFrame}
}

// windowSize is a window's in bytes.
func windowSize(bits int) int {
	if bits == 0 {
		bits = maxBits
	}
	return 1 << bits
}

// windowBits is WindowBits as it may be negotiated.
func (o *Options) windowBits() int {
	if o.WindowBits <= 0 {
		return maxBits
	}
	return min(max(o.WindowBits, minBits), maxBits)
}
