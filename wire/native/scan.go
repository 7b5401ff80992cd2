package native

import (
	"bytes"
	"unicode/utf8"
)

// scanner walks JSON text (RFC 8259) and refuses what is none: it builds nothing. Beyond the RFC it
// refuses unpaired surrogates and nesting deeper than MaxDepth. The text must be valid UTF-8.
type scanner struct {
	text  []byte
	pos   int
	depth int
}

// peek returns the next byte that is no white space, without taking it; 0 at the end.
func (s *scanner) peek() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// atEnd reports whether nothing but white space is left.
func (s *scanner) atEnd() bool { return s.peek() == 0 && s.pos == len(s.text) }

// take takes c if it comes next.
func (s *scanner) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}

// value takes one value and returns its text.
func (s *scanner) value() (raw []byte, ok bool) {
	c := s.peek()
	start := s.pos
	switch {
	case c == '"':
		ok = s.str()
	case c == '{':
		ok = s.object(func([]byte, []byte) {})
	case c == '[':
		ok = s.array()
	case c == 't':
		ok = s.literal("true")
	case c == 'f':
		ok = s.literal("false")
	case c == 'n':
		ok = s.literal("null")
	default:
		ok = s.number()
	}
	return s.text[start:s.pos], ok
}

// object takes an object and calls each with every key, as text with its quotes, and its value.
func (s *scanner) object(each func(key, value []byte)) bool {
	if !s.open('{') {
		return false
	}
	if s.take('}') {
		return s.close()
	}
	for {
		if s.peek() != '"' {
			return false
		}
		start := s.pos
		if !s.str() {
			return false
		}
		key := s.text[start:s.pos]
		if !s.take(':') {
			return false
		}
		value, ok := s.value()
		if !ok {
			return false
		}
		each(key, value)
		if s.take('}') {
			return s.close()
		}
		if !s.take(',') {
			return false
		}
	}
}

func (s *scanner) array() bool {
	if !s.open('[') {
		return false
	}
	if s.take(']') {
		return s.close()
	}
	for {
		if _, ok := s.value(); !ok {
			return false
		}
		if s.take(']') {
			return s.close()
		}
		if !s.take(',') {
			return false
		}
	}
}

func (s *scanner) open(c byte) bool {
	s.depth++
	return s.depth <= MaxDepth && s.take(c)
}

func (s *scanner) close() bool {
	s.depth--
	return true
}

func (s *scanner) literal(word string) bool {
	if len(s.text)-s.pos < len(word) || string(s.text[s.pos:s.pos+len(word)]) != word {
		return false
	}
	s.pos += len(word)
	return true
}

// number takes -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
func (s *scanner) number() bool {
	s.skip("-")
	if !s.skip("0") && !s.digits() {
		return false
	}
	if s.skip(".") && !s.digits() {
		return false
	}
	if s.skip("eE") {
		s.skip("+-")
		return s.digits()
	}
	return true
}

func (s *scanner) skip(any string) bool {
	for i := range len(any) {
		if s.pos < len(s.text) && s.text[s.pos] == any[i] {
			s.pos++
			return true
		}
	}
	return false
}

func (s *scanner) digits() bool {
	start := s.pos
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos > start
}

// str takes a string with its quotes.
func (s *scanner) str() bool {
	s.pos++
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c == '"':
			s.pos++
			return true
		case c == '\\':
			_, n := unescape(s.text[s.pos:])
			if n == 0 {
				return false
			}
			s.pos += n
		case c < 0x20:
			return false
		default:
			s.pos++
		}
	}
	return false
}

// unescape reads the escape that text begins with: its rune, and its length; 0 if it is none.
func unescape(text []byte) (r rune, n int) {
	if len(text) < 2 {
		return 0, 0
	}
	switch c := text[1]; c {
	case '"', '\\', '/':
		return rune(c), 2
	case 'b':
		return '\b', 2
	case 'f':
		return '\f', 2
	case 'n':
		return '\n', 2
	case 'r':
		return '\r', 2
	case 't':
		return '\t', 2
	case 'u':
		return unescapeUnicode(text)
	}
	return 0, 0
}

// unescapeUnicode reads \uXXXX, or the two of them that make a surrogate pair.
func unescapeUnicode(text []byte) (r rune, n int) {
	r, ok := hex4(text[2:])
	if !ok {
		return 0, 0
	}
	if r < 0xd800 || r > 0xdfff {
		return r, 6
	}
	if r > 0xdbff || len(text) < 12 || text[6] != '\\' || text[7] != 'u' {
		return 0, 0
	}
	low, ok := hex4(text[8:])
	if !ok || low < 0xdc00 || low > 0xdfff {
		return 0, 0
	}
	return (r-0xd800)<<10 + (low - 0xdc00) + 0x10000, 12
}

func hex4(text []byte) (r rune, ok bool) {
	if len(text) < 4 {
		return 0, false
	}
	for _, c := range text[:4] {
		switch {
		case '0' <= c && c <= '9':
			c -= '0'
		case 'a' <= c && c <= 'f':
			c -= 'a' - 10
		case 'A' <= c && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		r = r<<4 | rune(c)
	}
	return r, true
}

// appendUnquoted appends what a scanned string means, without its quotes and escapes.
func appendUnquoted(b, quoted []byte) []byte {
	text := quoted[1 : len(quoted)-1]
	for {
		plain := bytes.IndexByte(text, '\\')
		if plain < 0 {
			return append(b, text...)
		}
		b = append(b, text[:plain]...)
		r, n := unescape(text[plain:])
		b = utf8.AppendRune(b, r)
		text = text[plain+n:]
	}
}

// appendCompact appends a scanned value without the white space between its tokens.
func appendCompact(b, value []byte) []byte {
	for i := 0; i < len(value); i++ {
		switch c := value[i]; c {
		case ' ', '\t', '\r', '\n':
		case '"':
			s := scanner{text: value, pos: i}
			s.str()
			b = append(b, value[i:s.pos]...)
			i = s.pos - 1
		default:
			b = append(b, c)
		}
	}
	return b
}
