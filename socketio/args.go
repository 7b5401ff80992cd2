package socketio

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/vechehq/veche/wire/socketio"
)

// Args are the arguments of an event or an acknowledgement, as the client gave them.
type Args struct {
	elements    [][]byte // JSON
	attachments [][]byte
}

// Len is how many there are.
func (a Args) Len() int { return len(a.elements) }

// JSON returns the i-th argument as JSON, in which binary values are base64 strings; null if there is none.
func (a Args) JSON(i int) json.RawMessage {
	if i >= len(a.elements) {
		return json.RawMessage("null")
	}
	return socketio.Replace(a.elements[i], func(b []byte, n int) []byte {
		if n < 0 || n >= len(a.attachments) {
			return socketio.AppendPlaceholder(b, n)
		}
		b = base64.StdEncoding.AppendEncode(append(b, '"'), a.attachments[n])
		return append(b, '"')
	})
}

// Bytes returns the i-th argument if it is binary. It is not to be changed.
func (a Args) Bytes(i int) ([]byte, bool) {
	if i >= len(a.elements) {
		return nil, false
	}
	return a.binary(a.elements[i])
}

func (a Args) binary(element []byte) ([]byte, bool) {
	n, ok := socketio.Placeholder(element)
	if !ok || n < 0 || n >= len(a.attachments) {
		return nil, false
	}
	return a.attachments[n], true
}

// Bind decodes the arguments into what the targets point to, as encoding/json does; *[]byte takes a binary one. Targets
// without an argument stay as they are, arguments without a target are left out.
func (a Args) Bind(targets ...any) error {
	for i, t := range targets {
		if i >= len(a.elements) {
			break
		}
		if err := a.bind(i, t); err != nil {
			return fmt.Errorf("socketio: argument %d: %w", i+1, err)
		}
	}
	return nil
}

func (a Args) bind(i int, target any) error {
	switch t := target.(type) {
	case *any:
		var err error
		*t, err = a.value(a.elements[i])
		return err
	case *[]byte:
		if data, ok := a.Bytes(i); ok {
			*t = data
			return nil
		}
	case *json.RawMessage:
		*t = a.JSON(i)
		return nil
	}
	return json.Unmarshal(a.JSON(i), target)
}

// Values returns the arguments as encoding/json gives them to an any, binary ones as []byte.
func (a Args) Values() []any {
	values := make([]any, len(a.elements))
	for i, e := range a.elements {
		values[i], _ = a.value(e) // they were checked when they came
	}
	return values
}

func (a Args) value(element []byte) (any, error) {
	var v any
	err := json.Unmarshal(element, &v)
	if len(a.attachments) > 0 {
		v = a.restore(v)
	}
	return v, err
}

// restore puts the attachments where their placeholders are.
func (a Args) restore(v any) any {
	switch v := v.(type) {
	case []any:
		for i := range v {
			v[i] = a.restore(v[i])
		}
	case map[string]any:
		if is, _ := v["_placeholder"].(bool); is {
			if n, ok := v["num"].(float64); ok && n >= 0 && int(n) < len(a.attachments) {
				return a.attachments[int(n)]
			}
		}
		for k := range v {
			v[k] = a.restore(v[k])
		}
	}
	return v
}

// Binary is bytes that are sent as a binary value wherever they stand in an argument; a []byte is that too, but not in a
// struct, of which encoding/json makes base64.
type Binary []byte

// marker begins what stands for a Binary until it becomes an attachment. It is of this process, so that no string from
// outside has it.
var marker = []byte(`"\u0000binary:` + rand.Text() + ":")

// MarshalJSON makes what appendArgs looks for.
func (b Binary) MarshalJSON() ([]byte, error) {
	out := append([]byte(nil), marker...)
	return append(base64.StdEncoding.AppendEncode(out, b), '"'), nil
}

// appendArgs encodes arguments as a JSON array with attachments.
func appendArgs(lists ...[]any) (data []byte, attachments [][]byte, err error) {
	data = append(data, '[')
	for _, args := range lists {
		for _, arg := range args {
			if a, ok := arg.(Args); ok && a.Len() == 0 {
				continue
			}
			if len(data) > 1 {
				data = append(data, ',')
			}
			if data, attachments, err = appendArg(data, attachments, arg); err != nil {
				return nil, nil, err
			}
		}
	}
	return append(data, ']'), attachments, nil
}

var errAttachments = errors.New("socketio: too many binary values in one event")

func appendArg(data []byte, attachments [][]byte, arg any) ([]byte, [][]byte, error) {
	switch arg := arg.(type) {
	case []byte:
		if len(attachments) == socketio.MaxAttachments {
			return nil, nil, errAttachments
		}
		return socketio.AppendPlaceholder(data, len(attachments)), append(attachments, arg), nil
	case json.RawMessage:
		return append(data, arg...), attachments, nil
	case Args:
		return appendForeign(data, attachments, arg)
	case string:
		return appendString(data, arg), attachments, nil
	}
	text, err := marshal(binaries(arg))
	if err != nil {
		return nil, nil, fmt.Errorf("socketio: %w", err)
	}
	return extract(data, attachments, text)
}

// appendForeign appends what a client gave, all of it.
func appendForeign(data []byte, attachments [][]byte, a Args) ([]byte, [][]byte, error) {
	base := len(attachments)
	if base+len(a.attachments) > socketio.MaxAttachments {
		return nil, nil, errAttachments
	}
	for i, e := range a.elements {
		if i > 0 {
			data = append(data, ',')
		}
		data = append(data, socketio.Replace(e, func(b []byte, n int) []byte {
			return socketio.AppendPlaceholder(b, base+n)
		})...)
	}
	return data, append(attachments, a.attachments...), nil
}

// binaries makes each []byte in maps and slices of any a Binary.
func binaries(v any) any {
	switch v := v.(type) {
	case []byte:
		return Binary(v)
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = binaries(v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for k := range v {
			out[k] = binaries(v[k])
		}
		return out
	}
	return v
}

func marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'}), nil
}

func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c == '"' || c == '\\' || c >= 0x7f {
			text, err := marshal(s)
			if err != nil {
				panic(err) // strings always marshal
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// extract appends text, in which what Binary has made becomes attachments.
func extract(data []byte, attachments [][]byte, text []byte) ([]byte, [][]byte, error) {
	for {
		at := bytes.Index(text, marker)
		if at < 0 {
			return append(data, text...), attachments, nil
		}
		data = append(data, text[:at]...)
		text = text[at+len(marker):]
		end := bytes.IndexByte(text, '"')
		binary, err := base64.StdEncoding.AppendDecode(nil, text[:end])
		if err != nil || len(attachments) == socketio.MaxAttachments {
			return nil, nil, errors.Join(err, errAttachments)
		}
		data = socketio.AppendPlaceholder(data, len(attachments))
		attachments, text = append(attachments, binary), text[end+1:]
	}
}
