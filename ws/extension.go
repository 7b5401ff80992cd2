package ws

import "strings"

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
