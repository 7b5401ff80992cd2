package native

import (
	"encoding/base64"
	"strconv"
	"time"
	"unicode/utf8"
)

// object appends one object, field by field.
type object struct {
	b []byte
}

func begin(b []byte, typ string) object {
	o := object{append(b, `{"type":`...)}
	o.b = appendString(o.b, typ)
	return o
}

func (o *object) end() []byte { return append(o.b, '}') }

// key appends a key; names are ours and need no escapes.
func (o *object) key(name string) {
	o.b = append(o.b, ',', '"')
	o.b = append(o.b, name...)
	o.b = append(o.b, '"', ':')
}

func (o *object) id(id ID) {
	if id != "" {
		o.key("id")
		o.b = append(o.b, id...)
	}
}

func (o *object) str(name, s string) {
	o.key(name)
	o.b = appendString(o.b, s)
}

// opt appends s unless it is empty.
func (o *object) opt(name, s string) {
	if s != "" {
		o.str(name, s)
	}
}

func (o *object) uint(name string, n uint64) {
	o.key(name)
	o.b = strconv.AppendUint(o.b, n, 10)
}

func (o *object) int(name string, n int64) {
	o.key(name)
	o.b = strconv.AppendInt(o.b, n, 10)
}

func (o *object) bool(name string, v bool) {
	o.key(name)
	o.b = strconv.AppendBool(o.b, v)
}

func (o *object) time(name string, t time.Time) {
	o.key(name)
	o.b = append(o.b, '"')
	o.b = t.UTC().AppendFormat(o.b, "2006-01-02T15:04:05.000Z07:00")
	o.b = append(o.b, '"')
}

func (o *object) body(body Body) {
	switch body.Format {
	case JSON:
		o.key("body")
		o.b = append(o.b, body.Data...)
	case Text:
		o.key("body")
		o.b = appendString(o.b, body.Data)
	case Bytes:
		o.key("data")
		o.b = append(o.b, '"')
		o.b = base64.StdEncoding.AppendEncode(o.b, body.Data)
		o.b = append(o.b, '"')
		o.opt("content", body.Type)
	}
}

// list appends an array with one item per element.
func list[T any](o *object, name string, items []T, item func(b []byte, t T) []byte) {
	o.key(name)
	o.b = append(o.b, '[')
	for i, t := range items {
		if i > 0 {
			o.b = append(o.b, ',')
		}
		o.b = item(o.b, t)
	}
	o.b = append(o.b, ']')
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string. What is not UTF-8 in it becomes U+FFFD.
func appendString[S ~string | ~[]byte](b []byte, s S) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := decodeRune(s[i:])
			if r == utf8.RuneError && n == 1 {
				b = append(b, s[start:i]...)
				b = append(b, "\ufffd"...)
				start = i + 1
			}
			i += n
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' {
			b = append(b, s[start:i]...)
			b = appendEscape(b, c)
			start = i + 1
		}
		i++
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// decodeRune looks at the first rune without turning all of s into a string.
func decodeRune[S ~string | ~[]byte](s S) (rune, int) {
	return utf8.DecodeRuneInString(string(s[:min(len(s), utf8.UTFMax)]))
}

func appendEscape(b []byte, c byte) []byte {
	switch c {
	case '"', '\\':
		return append(b, '\\', c)
	case '\n':
		return append(b, '\\', 'n')
	case '\r':
		return append(b, '\\', 'r')
	case '\t':
		return append(b, '\\', 't')
	}
	return append(b, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
}
