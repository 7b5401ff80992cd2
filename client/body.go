// Bodies: Go values to the wire's and back.

package client

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"

	"github.com/vechehq/veche/wire/native"
)

// Format says how a Body's Data is to be read.
type Format = native.Format

const (
	None  = native.None  // no body; only signals come without
	JSON  = native.JSON  // one JSON value, not a string
	Text  = native.Text  // UTF-8
	Bytes = native.Bytes // anything, of content type Type
)

// Body is what a message or a signal carries.
type Body native.Body

// Text returns the body as text: a text itself, bytes as they are, JSON as it is written.
func (b Body) Text() string { return string(b.Data) }

// Unmarshal reads JSON, or a text as a JSON string, into v as encoding/json does.
func (b Body) Unmarshal(v any) error {
	switch b.Format {
	case JSON:
		return json.Unmarshal(b.Data, v)
	case Text:
		quoted, err := json.Marshal(string(b.Data))
		if err != nil {
			return err
		}
		return json.Unmarshal(quoted, v)
	}
	return badRequest("a body that is no JSON cannot be unmarshalled")
}

// bodyOf makes a body of a Go value: a string is text, a []byte is bytes, a Body is itself, and anything
// else is what encoding/json makes of it. What it returns shares nothing with v.
func bodyOf(v any) (native.Body, error) {
	switch v := v.(type) {
	case Body:
		v.Data = bytes.Clone(v.Data)
		return native.Body(v), v.check()
	case string:
		b := Body{Format: Text, Data: []byte(v)}
		return native.Body(b), b.check()
	case []byte:
		return native.Body{Format: Bytes, Data: append([]byte{}, v...)}, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return native.Body{}, badRequest("the body: %v", err)
	}
	if data[0] != '"' {
		return native.Body{Format: JSON, Data: data}, nil
	}
	var text string // a JSON string is a text
	err = json.Unmarshal(data, &text)
	return native.Body{Format: Text, Data: []byte(text)}, err
}

// check refuses what would make the object around it none.
func (b Body) check() error {
	switch {
	case b.Format == Text && !utf8.Valid(b.Data):
		return badRequest("the text is not UTF-8")
	case b.Format == JSON && !(json.Valid(b.Data) && utf8.Valid(b.Data)):
		return badRequest("the body is no JSON")
	}
	return nil
}
