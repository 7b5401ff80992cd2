package socketio

import (
	"bytes"
	"encoding/json"
)

// valid reports whether data is one JSON value that nests no deeper than MaxDepth.
func valid(data []byte) bool { return depth(data) <= MaxDepth && json.Valid(data) }

// depth is how deep brackets nest in a JSON text, valid or not.
func depth(data []byte) (deepest int) {
	now := 0
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i)
		case '[', '{':
			now++
			deepest = max(deepest, now)
		case ']', '}':
			now--
		}
	}
	return deepest
}

// stringEnd returns the index of the quote that ends the string beginning at i, or of the end of data.
func stringEnd(data []byte, i int) int {
	for i++; i < len(data); i++ {
		switch data[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(data)
}

// Elements returns the elements of a JSON array, which must be valid.
func Elements(array []byte) [][]byte {
	array = bytes.TrimSpace(array)
	if len(array) < 2 || array[0] != '[' {
		return nil
	}
	inner := array[1 : len(array)-1]
	var elements [][]byte
	start, level := 0, 0
	for i := 0; i < len(inner); i++ {
		switch inner[i] {
		case '"':
			i = stringEnd(inner, i)
		case '[', '{':
			level++
		case ']', '}':
			level--
		case ',':
			if level == 0 {
				elements = append(elements, bytes.TrimSpace(inner[start:i]))
				start = i + 1
			}
		}
	}
	if last := bytes.TrimSpace(inner[start:]); len(last) > 0 {
		elements = append(elements, last)
	}
	return elements
}

var placeholderKey = []byte(`"_placeholder"`)

// placeholder is an object that stands for an attachment.
type placeholder struct {
	Placeholder bool `json:"_placeholder"`
	Num         *int `json:"num"`
}

// Placeholder reports which attachment a JSON value stands for, if it does.
func Placeholder(value []byte) (n int, ok bool) {
	if len(value) == 0 || value[0] != '{' || !bytes.Contains(value, placeholderKey) {
		return 0, false
	}
	var p placeholder
	if json.Unmarshal(value, &p) != nil || !p.Placeholder || p.Num == nil {
		return 0, false
	}
	return *p.Num, true
}

// Replace returns a valid JSON text in which each placeholder is what by appends for its attachment.
func Replace(data []byte, by func(b []byte, n int) []byte) []byte {
	if !bytes.Contains(data, placeholderKey) {
		return data
	}
	out := make([]byte, 0, len(data))
	rest := 0 // data[:rest] is in out
	var objects []int
	for i := 0; i < len(data); i++ {
		switch data[i] {
		case '"':
			i = stringEnd(data, i)
		case '{':
			objects = append(objects, i)
		case '}':
			start := objects[len(objects)-1]
			objects = objects[:len(objects)-1]
			if start < rest {
				continue // something inside it was replaced, so it is no placeholder
			}
			if n, ok := Placeholder(data[start : i+1]); ok {
				out = by(append(out, data[rest:start]...), n)
				rest = i + 1
			}
		}
	}
	return append(out, data[rest:]...)
}
