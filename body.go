package veche

import (
	"encoding/json"
	"fmt"
)

// draftOf makes a message of what a program sends: a Draft is itself, anything else its body.
func draftOf(room string, v any) (Draft, error) {
	d, ok := v.(Draft)
	if !ok {
		body, err := bodyOf(v)
		if err != nil {
			return Draft{}, err
		}
		d.Body = body
	}
	d.Room = room
	return d, nil
}

// bodyOf makes a body of a Go value: a string is text, a []byte is bytes, a Body is itself, nil is
// empty, and anything else is what encoding/json makes of it.
func bodyOf(v any) (Body, error) {
	switch v := v.(type) {
	case nil:
		return Body{}, nil
	case Body:
		return v, nil
	case string:
		return Body{Format: Text, Data: []byte(v)}, nil
	case []byte:
		return Body{Format: Bytes, Data: v}, nil
	}
	data, err := json.Marshal(v)
	if err != nil {
		return Body{}, fmt.Errorf("veche: the body: %w", err)
	}
	if data[0] != '"' {
		return Body{Format: JSON, Data: data}, nil
	}
	var text string // a JSON string is a text
	err = json.Unmarshal(data, &text)
	return Body{Format: Text, Data: []byte(text)}, err
}
