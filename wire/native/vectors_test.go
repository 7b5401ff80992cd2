package native

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type requestVector struct {
	Name       string
	Wire       string
	WireBase64 []byte `json:"wire_base64"`
	Value      json.RawMessage
	Error      string
	ID         json.RawMessage
}

func (v requestVector) text() []byte {
	if v.WireBase64 != nil {
		return v.WireBase64
	}
	return []byte(v.Wire)
}

// readVectors reads a file of testdata.
func readVectors[V any](t testing.TB, file string) []V {
	t.Helper()
	text, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var vs []V
	if err := json.Unmarshal(text, &vs); err != nil {
		t.Fatal(file, err)
	}
	return vs
}

func TestRequestVectors(t *testing.T) {
	for _, v := range readVectors[requestVector](t, "requests.json") {
		t.Run(v.Name, func(t *testing.T) {
			r, err := Decode(v.text())
			if v.Error != "" {
				wantRefused(t, v, err)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantSameJSON(t, r.Append(nil), v.Value)
		})
	}
}

func wantRefused(t *testing.T, v requestVector, err error) {
	t.Helper()
	e, ok := errors.AsType[*DecodeError](err)
	if !ok || v.Error != "bad_request" {
		t.Fatalf("got %v, want a refusal with %s", err, v.Error)
	}
	if (e.ID == "") != (v.ID == nil) {
		t.Fatalf("id %q, want %s", e.ID, v.ID)
	}
	if v.ID != nil {
		wantSameJSON(t, []byte(e.ID), v.ID)
	}
}

func wantSameJSON(t *testing.T, got, want []byte) {
	t.Helper()
	// Not cmp.Diff, which takes a time exponential in the depth.
	if !reflect.DeepEqual(parse(t, want), parse(t, got)) {
		t.Errorf("got %s, want %s", got, want)
	}
}

func parse(t *testing.T, text []byte) (v any) {
	t.Helper()
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return v
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		panic(err)
	}
	return t
}

// events are the values whose texts testdata/events.json holds, by the names there.
var events = map[string]Event{
	"welcome": &Welcome{Session: "q7Zk2mUx", User: User{"ann", "Ann"}, Resume: "r.1", Ping: 25 * time.Second,
		Expires: at("2026-11-22T10:00:00Z"), Time: at("2026-11-22T12:00:00.1239+03:00"), Server: "veche/0.1",
		Limits: Limits{Frame: 1 << 20, Body: 1 << 16, Rooms: 256, History: 200}},
	"welcome, guest": &Welcome{Session: "q7Zk2mUx", User: User{"g-8f", ""}, Guest: true, Resume: "r.1",
		Ping: 25 * time.Second, Time: at("2026-11-22T09:00:00.123Z"), Server: "veche/0.1",
		Limits: Limits{Frame: 1 << 20, Body: 1 << 16, Rooms: 256, History: 200}},
	"welcome, by a transport": &Welcome{Session: "q7Zk2mUx", User: User{"g-8f", ""}, Guest: true, Resume: "r.1",
		Ping: 25 * time.Second, Time: at("2026-11-22T09:00:00.123Z"), Server: "veche/0.1", Transport: "websocket/h2",
		Limits: Limits{Frame: 1 << 20, Body: 1 << 16, Rooms: 256, History: 200}},
	"ok":                  &OK{ID: `"h"`},
	"ok, id with escapes": &OK{ID: `"a\"b"`},
	"ok, room":            &OK{ID: "2", Room: "general"},
	"ok, send":            &SendOK{ID: "2", Room: "general", Seq: 1051, At: at("2026-11-22T09:00:01Z")},
	"ok, send again":      &SendOK{ID: "2", Room: "general", Seq: 1051, At: at("2026-11-22T09:00:01Z"), Dup: true},
	"ok, join": &JoinOK{ID: "1", Room: "general", Head: 1050, Epoch: "k3", Recovered: true, Count: 3,
		Received: 1042, Read: 1040, Receipts: []Receipt{
			{User: "u2", Received: 1050, Read: 1050}, {User: "u3", Received: 1049}}},
	"ok, join of the URL, empty room": &JoinOK{Room: "general", Epoch: "k3"},
	"ok, presence":                    &PresenceOK{ID: "4", Room: "general", Users: []User{{"u2", "Bob"}, {"g-8f", ""}}, Count: 2},
	"ok, history": &HistoryOK{ID: "5", Room: "general", First: 1, Head: 1, Epoch: "k3", Messages: [][]byte{
		(&Message{Room: "general", Seq: 1, From: "u2", At: at("2026-11-22T09:00:00Z"), Body: text("hi")}).Append(nil)}},
	"ok, empty history": &HistoryOK{ID: "5", Room: "general", First: 1, Epoch: "k3"},
	"pong":              &Pong{},
	"pong with id":      &Pong{ID: "9"},
	"message, object": &Message{Room: "general", Seq: 1043, From: "u2", Name: "Bob", At: at("2026-11-22T09:00:00.123Z"),
		CID: "b-9", Kind: "poll", Body: Body{Format: JSON, Data: []byte(`{"text":"…","n":[1,2.50,null]}`)}},
	"message, text": &Message{Room: "вече", Seq: MaxInteger, From: "u2", At: at("2026-11-22T09:00:00Z"),
		Body: text("\"\\/\b\f\n\r\t\x00\x1f\u2028\u2029😀<b>&\x7f")},
	"message, null": &Message{Room: "general", Seq: 1, From: "u2", At: at("2026-11-22T09:00:00Z"),
		Body: Body{Format: JSON, Data: []byte("null")}},
	"message, bytes": &Message{Room: "general", Seq: 1044, From: "u2", Name: "Bob", At: at("2026-11-22T09:00:00.2Z"),
		Body: Body{Format: Bytes, Type: "image/png", Data: []byte{0, 1, 2, 255}}},
	"message, bytes without type": &Message{Room: "general", Seq: 1044, From: "u2", At: at("2026-11-22T09:00:00.2Z"),
		Body: Body{Format: Bytes}},
	"receipt": &Receipt{Room: "general", User: "u2", Received: 1051, Read: 1049},
	"signal":  &Signal{Room: "general", From: "u2", Name: "Bob", Kind: "typing"},
	"signal with body": &Signal{Room: "general", From: "u2", Kind: "cursor",
		Body: Body{Format: JSON, Data: []byte(`{"x":1}`)}},
	"signal with bytes": &Signal{Room: "general", From: "u2", Kind: "voice",
		Body: Body{Format: Bytes, Type: "audio/ogg", Data: []byte{0, 1}}},
	"signal to a user, from the application": &Signal{Kind: "wake"},
	"presence":                               &Presence{Room: "general", Joined: []User{{"u3", "Cy"}, {"g-8f", ""}}, Left: []User{{"u2", "Bob"}}, Count: 4},
	"presence, nobody came":                  &Presence{Room: "general", Left: []User{{"u2", ""}}, Count: 1},
	"presence, whole":                        &Presence{Room: "general", Whole: true, Joined: []User{{"u3", "Cy"}}, Count: 1},
	"raw welcome":                            &RawWelcome{Room: "general", Session: "q7Zk2mUx", User: User{ID: "g-8f"}, Guest: true, Head: 1050, Epoch: "k3"},
	"gap, lag":                               &Gap{Room: "general", From: 1043, To: 1050, Why: "lag"},
	"gap, trimmed":                           &Gap{Room: "general", From: 1, To: 50, Why: "trimmed"},
	"gap, epoch":                             &Gap{Room: "general", From: 1, To: 7, Why: "epoch"},
	"error":                                  &Error{ID: "3", Code: "forbidden", Message: "you may not do that here", Room: "general"},
	"error without id":                       &Error{Code: "bad_request", Message: "that is no JSON object"},
	"bye, drain": &Bye{Code: "drain", Message: "the server is going away, reconnect", Retry: true,
		After: 1700 * time.Millisecond},
	"bye, expired": &Bye{Code: "expired", Message: "the token has expired"},
}

func text(s string) Body { return Body{Format: Text, Data: []byte(s)} }

func TestEventVectors(t *testing.T) {
	vs := readVectors[eventVector](t, "events.json")
	for _, v := range vs {
		t.Run(v.Name, func(t *testing.T) {
			e, ok := events[v.Name]
			if !ok {
				t.Fatal("this test has no value for it")
			}
			if diff := cmp.Diff(v.Wire, string(e.Append(nil))); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
	if len(vs) != len(events) {
		t.Errorf("%d vectors, %d values", len(vs), len(events))
	}
}
