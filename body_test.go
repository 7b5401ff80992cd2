package veche

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDraftOf(t *testing.T) {
	for name, c := range map[string]struct {
		in   any
		want Body
	}{
		"text":        {"hi", Body{Format: Text, Data: []byte("hi")}},
		"bytes":       {[]byte{0, 255}, Body{Format: Bytes, Data: []byte{0, 255}}},
		"object":      {map[string]int{"x": 1}, Body{Format: JSON, Data: []byte(`{"x":1}`)}},
		"number":      {7, Body{Format: JSON, Data: []byte(`7`)}},
		"raw":         {json.RawMessage(` { "a": "б" } `), Body{Format: JSON, Data: []byte(`{"a":"б"}`)}},
		"JSON string": {json.RawMessage(`"a\u0431"`), Body{Format: Text, Data: []byte("aб")}},
		"body":        {Body{Format: Bytes, Type: "image/png"}, Body{Format: Bytes, Type: "image/png"}},
		"its body":    {Body{Data: []byte("{\n \"a\": 1\r\n}")}, Body{Format: JSON, Data: []byte(`{"a":1}`)}},
		"its string":  {Body{Data: []byte(`"a\u0431"`)}, Body{Format: Text, Data: []byte("aб")}},
		"its draft":   {Draft{Body: Body{Data: []byte("[1,\n2]")}}, Body{Format: JSON, Data: []byte(`[1,2]`)}},
		"nothing":     {nil, Body{Format: JSON, Data: []byte("null")}},
	} {
		d, err := draftOf("r", c.in)
		if err != nil || d.Room != "r" {
			t.Errorf("%s: %+v, %v", name, d, err)
		}
		if diff := cmp.Diff(c.want, d.Body); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	whole := Draft{Room: "another", CID: "1", Kind: "poll", Body: Body{Format: Text, Data: []byte("?")}}
	d, err := draftOf("r", whole)
	whole.Room = "r"
	if err != nil || !cmp.Equal(d, whole) {
		t.Errorf("draft: %+v, %v", d, err)
	}
	for name, v := range map[string]any{
		"a channel": make(chan int), "what is no JSON": Body{Data: []byte("nonsense")}, "two values": Draft{Body: Body{Data: []byte("1 2")}},
	} {
		if _, err := draftOf("r", v); err == nil {
			t.Error(name, "is taken")
		}
	}
}
