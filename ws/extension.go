package ws

import (
	"strconv"
	"strings"
)

// extension is one element of a Sec-WebSocket-Extensions list: RFC 6455, section 9.1.
type extension struct {
	name   string
	params []param
}

type param struct {
	name, value string
	valued      bool // there was a "="
}

// parseExtensions reads the header's lines; ok is false if they do not follow the grammar.
func parseExtensions(lines []string) (list []extension, ok bool) {
	for _, line := range lines {
		s := scanner{line}
		for {
			s.space()
			if s.eat(',') { // empty list elements are allowed: RFC 9110, section 5.6.1.2
				continue
			}
			if s.end() {
				break
			}
			e, ok := s.extension()
			if !ok {
				return nil, false
			}
			list = append(list, e)
			if s.space(); !s.end() && !s.eat(',') {
				return nil, false
			}
		}
	}
	return list, true
}

// scanner reads a header's value from its beginning.
type scanner struct{ s string }

func (s *scanner) end() bool { return s.s == "" }

func (s *scanner) space() { s.s = strings.TrimLeft(s.s, " \t") }

func (s *scanner) eat(c byte) bool {
	if s.s == "" || s.s[0] != c {
		return false
	}
	s.s = s.s[1:]
	return true
}

func (s *scanner) token() string {
	n := 0
	for n < len(s.s) && isTokenByte(s.s[n]) {
		n++
	}
	t := s.s[:n]
	s.s = s.s[n:]
	return t
}

func (s *scanner) extension() (e extension, ok bool) {
	if e.name = s.token(); e.name == "" {
		return e, false
	}
	for {
		s.space()
		if !s.eat(';') {
			return e, true
		}
		s.space()
		p := param{name: s.token()}
		if p.name == "" {
			return e, false
		}
		s.space()
		if s.eat('=') {
			s.space()
			p.valued = true
			if p.value, ok = s.value(); !ok {
				return e, false
			}
		}
		e.params = append(e.params, p)
	}
}

// value reads a token, or a quoted string whose content must be a token too: "When using the
// quoted-string syntax variant, the value after quoted-string unescaping MUST conform to the 'token'
// ABNF."
func (s *scanner) value() (string, bool) {
	if !s.eat('"') {
		t := s.token()
		return t, t != ""
	}
	var v strings.Builder
	for !s.end() {
		switch {
		case s.eat('"'):
			return v.String(), isToken(v.String())
		case s.eat('\\') && s.end():
			return "", false
		}
		v.WriteByte(s.s[0])
		s.s = s.s[1:]
	}
	return "", false
}

const deflateName = "permessage-deflate"

// deflateParams is what was agreed about permessage-deflate: RFC 7692, section 7.1.
type deflateParams struct {
	serverNoTakeover, clientNoTakeover bool
	serverBits, clientBits             int // 8 to 15; 0 if not named
	clientBitsNamed                    bool
	perFrame                           bool // it is the older extension: see acceptFrameDeflate
}

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
	return n, err == nil && n >= 8 && n <= 15 && strconv.Itoa(n) == s
}

// acceptDeflate chooses the first of a client's offers that the server can take, and writes the
// answer. A nil result means none.
func acceptDeflate(offers []extension, mode Compression) (*deflateParams, string) {
	if mode == CompressionOff {
		return nil, ""
	}
	newer := false
	for _, e := range offers {
		if !strings.EqualFold(e.name, deflateName) {
			continue
		}
		newer = true
		d, ok := parseDeflate(e, false)
		if !ok {
			continue
		}
		if mode == CompressionNoTakeover {
			d.serverNoTakeover, d.clientNoTakeover = true, true
		}
		// A client's hint about its own window costs nothing to ignore; a limit is not asked for.
		d.clientBits, d.clientBitsNamed = 0, false
		return &d, d.String()
	}
	if newer {
		return nil, ""
	}
	return acceptFrameDeflate(offers, mode)
}

// offerDeflate writes a client's offer.
func offerDeflate(mode Compression) string {
	switch mode {
	case CompressionNoTakeover:
		return (&deflateParams{serverNoTakeover: true, clientNoTakeover: true, clientBitsNamed: true}).String()
	case CompressionTakeover:
		return (&deflateParams{clientBitsNamed: true}).String()
	}
	return ""
}

// agreeDeflate checks the server's answer to offerDeflate. A nil result with an empty problem means
// that there is no compression.
func agreeDeflate(answer []extension, mode Compression) (d *deflateParams, problem string) {
	if len(answer) == 0 {
		return nil, ""
	}
	if len(answer) > 1 || !strings.EqualFold(answer[0].name, deflateName) || mode == CompressionOff {
		return nil, "server answered with an extension that was not offered"
	}
	p, ok := parseDeflate(answer[0], true)
	if !ok {
		return nil, "server answered with invalid parameters of permessage-deflate"
	}
	if mode == CompressionNoTakeover {
		if !p.serverNoTakeover {
			return nil, "server did not confirm server_no_context_takeover"
		}
		p.clientNoTakeover = true
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

func windowSize(bits int) int {
	if bits == 0 {
		return maxWindow
	}
	return 1 << bits
}
