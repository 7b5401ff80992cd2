package socketio_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/wire/socketio"
)

// vectors are the examples of the protocol's document, and what stands between them.
var vectors = []struct {
	text        string
	attachments [][]byte
	packet      socketio.Packet
}{
	{text: `0`, packet: socketio.Packet{Type: socketio.Connect, Namespace: "/"}},
	{text: `0{"token":"123"}`, packet: socketio.Packet{Type: socketio.Connect, Namespace: "/", Data: []byte(`{"token":"123"}`)}},
	{text: `0/admin,`, packet: socketio.Packet{Type: socketio.Connect, Namespace: "/admin"}},
	{text: `0/admin,{"sid":"oSO0OpakMV_3jnilAAAA"}`, packet: socketio.Packet{Type: socketio.Connect, Namespace: "/admin", Data: []byte(`{"sid":"oSO0OpakMV_3jnilAAAA"}`)}},
	{text: `1/admin,`, packet: socketio.Packet{Type: socketio.Disconnect, Namespace: "/admin"}},
	{text: `2["foo"]`, packet: socketio.Packet{Type: socketio.Event, Namespace: "/", Data: []byte(`["foo"]`)}},
	{text: `2/admin,["bar"]`, packet: socketio.Packet{Type: socketio.Event, Namespace: "/admin", Data: []byte(`["bar"]`)}},
	{text: `212["foo"]`, packet: socketio.Packet{Type: socketio.Event, Namespace: "/", ID: 12, HasID: true, Data: []byte(`["foo"]`)}},
	{text: `2/admin,0["foo",1]`, packet: socketio.Packet{Type: socketio.Event, Namespace: "/admin", HasID: true, Data: []byte(`["foo",1]`)}},
	{text: `3/admin,13["bar"]`, packet: socketio.Packet{Type: socketio.Ack, Namespace: "/admin", ID: 13, HasID: true, Data: []byte(`["bar"]`)}},
	{text: `4{"message":"Not authorized"}`, packet: socketio.Packet{Type: socketio.ConnectError, Namespace: "/", Data: []byte(`{"message":"Not authorized"}`)}},
	{text: `51-["baz",{"_placeholder":true,"num":0}]`, attachments: [][]byte{{1, 2, 3, 4}},
		packet: socketio.Packet{Type: socketio.Event, Namespace: "/", Data: []byte(`["baz",{"_placeholder":true,"num":0}]`)}},
	{text: `52-/admin,["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, attachments: [][]byte{{1, 2}, {3}},
		packet: socketio.Packet{Type: socketio.Event, Namespace: "/admin", Data: []byte(`["baz",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)}},
	{text: `61-15["bar",{"_placeholder":true,"num":0}]`, attachments: [][]byte{{9}},
		packet: socketio.Packet{Type: socketio.Ack, Namespace: "/", ID: 15, HasID: true, Data: []byte(`["bar",{"_placeholder":true,"num":0}]`)}},
}

func TestText(t *testing.T) {
	for _, v := range vectors {
		want := v.packet
		want.Attachments = v.attachments
		if got := string(want.AppendText(nil)); got != v.text {
			t.Errorf("got  %s\nwant %s", got, v.text)
		}
		var d socketio.Decoder
		got, err := d.Text([]byte(v.text))
		for _, a := range v.attachments {
			if err != nil || got != nil {
				t.Fatalf("%s: %v %v before its attachments", v.text, got, err)
			}
			got, err = d.Binary(a)
		}
		if err != nil {
			t.Errorf("%s: %v", v.text, err)
			continue
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s: %s", v.text, diff)
		}
	}
}

func TestMsgPackThereAndBack(t *testing.T) {
	for _, v := range vectors {
		want := v.packet
		want.Attachments = v.attachments
		got, err := socketio.MsgPack(want.AppendMsgPack(nil))
		if err != nil {
			t.Errorf("%s: %v", v.text, err)
			continue
		}
		if diff := cmp.Diff(&want, got); diff != "" {
			t.Errorf("%s: %s", v.text, diff)
		}
	}
}

// What notepack.io makes of {type: 2, nsp: "/", data: ["e", 1.5, -1, -300, "ж", true, null, <bytes>, {a: []}], id: 70000}.
func TestMsgPack(t *testing.T) {
	in := "\x84\xa4type\x02\xa3nsp\xa1/\xa4data\x99\xa1e\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xff\xd1\xfe\xd4\xa2\xd0\xb6\xc3\xc0\xc4\x02\x07\x08\x81\xa1a\x90\xa2id\xce\x00\x01\x11\x70"
	p, err := socketio.MsgPack([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	want := &socketio.Packet{Type: socketio.Event, Namespace: "/", ID: 70000, HasID: true,
		Data: []byte(`["e",1.5,-1,-300,"ж",true,null,{"_placeholder":true,"num":0},{"a":[]}]`), Attachments: [][]byte{{7, 8}}}
	if diff := cmp.Diff(want, p); diff != "" {
		t.Error(diff)
	}
	if got := string(p.AppendMsgPack(nil)); got != in {
		t.Errorf("got  %q\nwant %q", got, in)
	}
}

func TestRefusals(t *testing.T) {
	deep := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	for text, want := range map[string]error{
		``:                              socketio.ErrType,
		`abc`:                           socketio.ErrType,
		`7["a"]`:                        socketio.ErrType,
		`2`:                             socketio.ErrPayload,
		`2{}`:                           socketio.ErrPayload,
		`2[]`:                           socketio.ErrPayload,
		`2[{}]`:                         socketio.ErrPayload,
		`2["connect"]`:                  socketio.ErrPayload,
		`2["disconnecting"]`:            socketio.ErrPayload,
		`2["a"`:                         socketio.ErrPayload,
		`2abc["a"]`:                     socketio.ErrPayload,
		`0[]`:                           socketio.ErrPayload,
		`1{}`:                           socketio.ErrPayload,
		`3["a"]`:                        socketio.ErrPayload,
		`31{}`:                          socketio.ErrPayload,
		`299999999999999999999["a"]`:    socketio.ErrID,
		`29007199254740992["a"]`:        socketio.ErrID,
		`5["a"]`:                        socketio.ErrAttachments,
		`5-["a"]`:                       socketio.ErrAttachments,
		`50-["a"]`:                      socketio.ErrAttachments,
		`565-["a"]`:                     socketio.ErrAttachments,
		`59999999999-["a"]`:             socketio.ErrAttachments,
		`2["a",` + deep(64) + `]`:       socketio.ErrPayload,
		`0/` + strings.Repeat("a", 256): socketio.ErrNamespace,
	} {
		var d socketio.Decoder
		if p, err := d.Text([]byte(text)); !errors.Is(err, want) {
			t.Errorf("%.40s: got %v %v, want %v", text, p, err, want)
		}
	}
	var d socketio.Decoder
	if _, err := d.Text([]byte(`2["a",` + deep(63) + `]`)); err != nil {
		t.Error("what is just deep enough:", err)
	}
	if _, err := d.Binary([]byte{1}); !errors.Is(err, socketio.ErrBinary) {
		t.Error("an attachment that was not announced:", err)
	}
	if _, err := d.Text([]byte(`52-["a",{"_placeholder":true,"num":2}]`)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Binary([]byte{1}); err != nil || d.Waiting() == 0 {
		t.Error("the first attachment:", err, d.Waiting())
	}
	if _, err := d.Text([]byte(`2["b"]`)); !errors.Is(err, socketio.ErrText) {
		t.Error("text in place of an attachment:", err)
	}
	if _, err := d.Binary([]byte{1}); !errors.Is(err, socketio.ErrPlaceholder) {
		t.Error("a placeholder of what is not there:", err)
	}
}

func TestReplace(t *testing.T) {
	by := func(b []byte, n int) []byte { return fmt.Appendf(b, "<%d>", n) }
	for in, want := range map[string]string{
		`["a",{"_placeholder":true,"num":1}]`:                       `["a",<1>]`,
		`{"x":[{"num":0,"_placeholder":true}],"y":"{\"_p"}`:         `{"x":[<0>],"y":"{\"_p"}`,
		`{"_placeholder":false,"num":1}`:                            `{"_placeholder":false,"num":1}`,
		`{"_placeholder":true}`:                                     `{"_placeholder":true}`,
		`"{\"_placeholder\":true,\"num\":1}"`:                       `"{\"_placeholder\":true,\"num\":1}"`,
		`{"_placeholder":true,"num":{"_placeholder":true,"num":3}}`: `{"_placeholder":true,"num":<3>}`,
	} {
		if got := string(socketio.Replace([]byte(in), by)); got != want {
			t.Errorf("%s: got %s, want %s", in, got, want)
		}
	}
}

func TestElements(t *testing.T) {
	for in, want := range map[string][]string{
		`[]`: nil, `[ ]`: nil, `[1]`: {"1"}, ` [1 , "a,]\"" ,[2,3],{"b":[4,5]}] `: {"1", `"a,]\""`, "[2,3]", `{"b":[4,5]}`},
	} {
		var got []string
		for _, e := range socketio.Elements([]byte(in)) {
			got = append(got, string(e))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", in, diff)
		}
	}
}

// Whatever is taken as text is the same after it was text, and after it was MessagePack.
func FuzzText(f *testing.F) {
	for _, v := range vectors {
		f.Add([]byte(v.text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var d socketio.Decoder
		p, err := d.Text(text)
		for i := 0; err == nil && p == nil; i++ {
			p, err = d.Binary([]byte{byte(i)})
		}
		if err != nil {
			return
		}
		var again socketio.Decoder
		q, err := again.Text(p.AppendText(nil))
		for i := 0; err == nil && q == nil; i++ {
			q, err = again.Binary(p.Attachments[i])
		}
		if diff := cmp.Diff(p, q); err != nil || diff != "" {
			t.Fatalf("%q: %v %s", text, err, diff)
		}
		if len(p.Attachments) == 0 && bytes.Contains(p.Data, []byte("_placeholder")) {
			return // which stands for nothing as text, and for what is there in MessagePack
		}
		r, err := socketio.MsgPack(p.AppendMsgPack(nil))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if r.Type != p.Type || r.ID != p.ID || r.Namespace != p.Namespace {
			t.Fatalf("%q: %v became %v", text, p, r)
		}
	})
}

// Whatever is taken as MessagePack holds valid JSON.
func FuzzMsgPack(f *testing.F) {
	for _, v := range vectors {
		p := v.packet
		p.Attachments = v.attachments
		f.Add(p.AppendMsgPack(nil))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		p, err := socketio.MsgPack(in)
		if err != nil {
			return
		}
		if p.Data != nil && !json.Valid(p.Data) {
			t.Fatalf("%q: %q is no JSON", in, p.Data)
		}
		q, err := socketio.MsgPack(p.AppendMsgPack(nil))
		if err != nil {
			t.Fatalf("%q: %v", in, err)
		}
		if q.Type != p.Type || q.ID != p.ID || q.Namespace != p.Namespace {
			t.Fatalf("%q: %v became %v", in, p, q)
		}
	})
}
