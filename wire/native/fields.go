package native

import (
	"encoding/base64"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// field is one of the keys that a request may have.
type field uint8

const (
	fType field = iota
	fID
	fRoom
	fToken
	fResume
	fName
	fVersion
	fSince
	fEpoch
	fBody
	fData
	fContent
	fKind
	fCID
	fReceived
	fRead
	fBefore
	fAfter
	fLimit
	numFields
)

var fieldNames = [numFields]string{
	"type", "id", "room", "token", "resume", "name", "version", "since", "epoch", "body", "data",
	"content", "kind", "cid", "received", "read", "before", "after", "limit",
}

var fieldByName = func() map[string]field {
	m := make(map[string]field, numFields)
	for f, name := range fieldNames {
		m[name] = field(f)
	}
	return m
}()

// fields is a request taken apart: each known key's text, nil where there is none. What its readers
// find wrong is kept in err, the first of it, so that they can be called in a row.
type fields struct {
	raw [numFields][]byte
	err error
}

// parse takes one object apart.
func (f *fields) parse(text []byte) error {
	if !utf8.Valid(text) {
		return errors.New("that is not UTF-8")
	}
	s := scanner{text: text}
	ok := s.object(func(key, value []byte) {
		var buf [16]byte
		if name, known := fieldByName[string(appendUnquoted(buf[:0], key))]; known {
			f.set(name, value)
		}
	})
	if !ok || !s.atEnd() {
		return errors.New("that is no JSON object")
	}
	return nil
}

func (f *fields) set(name field, value []byte) {
	if name != fBody && string(value) == "null" {
		value = nil
	}
	f.raw[name] = value
}

func (f *fields) has(name field) bool { return f.raw[name] != nil }

func (f *fields) fail(name field, why string) {
	if f.err == nil {
		f.err = errors.New(fieldNames[name] + " " + why)
	}
}

// text reads a string of at most max bytes; "" if there is none.
func (f *fields) text(name field, max int) string {
	raw := f.raw[name]
	if raw == nil {
		return ""
	}
	if raw[0] != '"' {
		f.fail(name, "is not a string")
		return ""
	}
	var buf [128]byte
	s := string(appendUnquoted(buf[:0], raw))
	if len(s) > max {
		f.fail(name, "is above "+strconv.Itoa(max)+" bytes")
		return ""
	}
	return s
}

// label reads a string of at most max bytes without control characters.
func (f *fields) label(name field, max int) string {
	s := f.text(name, max)
	if strings.ContainsFunc(s, unicode.IsControl) {
		f.fail(name, "has control characters")
		return ""
	}
	return s
}

// room reads the name of a room, which must be there.
func (f *fields) room() string {
	s := f.label(fRoom, MaxRoom)
	if s == "" {
		f.fail(fRoom, "is missing")
	}
	return s
}

// integer reads an integer from min to max; 0 if there is none.
func (f *fields) integer(name field, min, max int64) int64 {
	raw := f.raw[name]
	if raw == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < min || n > max {
		f.fail(name, "is not an integer within its bounds")
		return 0
	}
	return n
}

// seq reads a position of a log, at least min; 0 if there is none.
func (f *fields) seq(name field, min int64) uint64 {
	return uint64(f.integer(name, min, MaxInteger))
}

// id reads the request's id, as it was written.
func (f *fields) id() ID {
	raw := f.raw[fID]
	if raw == nil {
		return ""
	}
	if raw[0] == '"' {
		f.text(fID, MaxID)
	} else {
		f.integer(fID, -MaxInteger, MaxInteger)
	}
	if f.err != nil {
		return ""
	}
	return ID(raw)
}

// body reads body, or data and content; none of them is Format None.
func (f *fields) body() Body {
	raw := f.raw[fBody]
	switch {
	case raw != nil && f.has(fData):
		f.fail(fBody, "and data exclude each other")
	case f.has(fContent) && !f.has(fData):
		f.fail(fContent, "goes with data only")
	case f.has(fData):
		return Body{Format: Bytes, Type: f.content(), Data: f.data()}
	case raw == nil:
	case raw[0] == '"':
		return Body{Format: Text, Data: appendUnquoted(make([]byte, 0, len(raw)-2), raw)}
	default:
		return Body{Format: JSON, Data: appendCompact(make([]byte, 0, len(raw)), raw)}
	}
	return Body{}
}

func (f *fields) content() string {
	s := f.text(fContent, MaxContent)
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			f.fail(fContent, "is not printable ASCII")
			return ""
		}
	}
	return s
}

func (f *fields) data() []byte {
	s := f.text(fData, math.MaxInt)
	if strings.ContainsAny(s, "\r\n") { // which the decoder would skip
		f.fail(fData, "is not standard base64 with padding")
		return nil
	}
	data, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil {
		f.fail(fData, "is not standard base64 with padding")
	}
	return data
}
