package veche

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// draftOf makes a message of what a program sends: a Draft is itself, anything else its body. No body is null.
func draftOf(room string, v any) (Draft, error) {
	d, ok := v.(Draft)
	if ok {
		v = d.Body
	}
	body, err := bodyOf(v)
	if err != nil {
		return Draft{}, err
	}
	d.Room, d.Body = room, filled(body)
	return d, nil
}

// filled is the body of a message, which has one: no body is null.
func filled(b Body) Body {
	if b.Format == JSON && len(b.Data) == 0 {
		b.Data = []byte("null")
	}
	return b
}

// bodyOf makes a body of a Go value: a string is text, a []byte is bytes, a Body is itself, nil is
// null, and anything else is what encoding/json makes of it.
func bodyOf(v any) (Body, error) {
	switch v := v.(type) {
	case nil:
		return Body{}, nil
	case Body:
		return proper(v)
	case string:
		return Body{Format: Text, Data: []byte(v)}, nil
	case []byte:
		return Body{Format: Bytes, Data: v}, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return Body{}, fmt.Errorf("veche: the body: %w", err)
	}
	return proper(Body{Format: JSON, Data: data})
}

// proper makes a body that a program has made what the log and every wire take it for: JSON that is
// JSON, in one line, and no string, which is text. Empty JSON is no body.
func proper(b Body) (Body, error) {
	if b.Format != JSON || len(b.Data) == 0 {
		return b, nil
	}
	var compact bytes.Buffer
	if err := json.Compact(&compact, b.Data); err != nil {
		return Body{}, fmt.Errorf("veche: the body: %w", err)
	}
	if b.Data = compact.Bytes(); b.Data[0] != '"' {
		return b, nil
	}
	var text string
	err := json.Unmarshal(b.Data, &text)
	return Body{Format: Text, Data: []byte(text)}, err
}

// reformed is proper for a body that a hook may have changed.
func reformed(was, is Body) (Body, error) {
	if was.Format == is.Format && len(was.Data) == len(is.Data) && (len(is.Data) == 0 || &was.Data[0] == &is.Data[0]) {
		return is, nil
	}
	return proper(is)
}
