package prove

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/wire/native"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// quiet is a world without a server, in which nothing happens by itself.
func quiet(clients int) *world {
	o, err := Options{Server: []string{"none"}, Length: time.Minute, Clients: clients}.withDefaults()
	if err != nil {
		panic(err)
	}
	w := &world{options: o, begun: time.Now(), server: newServer(o.Server, "", "secret", nil)}
	w.first = func() {}
	w.invite()
	return w
}

// found are the kinds of the violations so far.
func (w *world) found() string {
	var kinds []string
	list, _ := w.all()
	for _, v := range list {
		kinds = append(kinds, string(v.Kind))
	}
	return strings.Join(kinds, ", ")
}

// talkative is a room in which two clients have sent n messages by turns, each of which took 5 of 10 ns.
func talkative(n int) (*world, *room) {
	w := quiet(5)
	r := w.rooms[0]
	for i := range n {
		client := i % 2
		m := r.begin(client)
		at := int64(i) * 10
		r.sends[client][m].call = at
		r.ack(client, m, uint64(i)+1, at+5)
	}
	return w, r
}

func TestRoomFindsWhatDoesNotFit(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(r *room)
		want string
	}{
		{"all is well", func(r *room) { r.see(3, seen{0, 1, 3}, 100) }, ""},
		{"another seq than acknowledged", func(r *room) { r.see(3, seen{0, 1, 4}, 100) }, "doubled, two orders"},
		{"acknowledged as another seq", func(r *room) { r.ack(0, 1, 5, 100) }, "forged, two orders"},
		{"a message that nobody sent", func(r *room) { r.see(3, seen{0, 77, 7}, 100) }, "stranger"},
		{"two messages under one seq", func(r *room) { r.ack(1, r.begin(1), 6, 100) }, "two orders"},
		{"swapped", func(r *room) {
			first, second := r.begin(0), r.begin(0)
			r.ack(0, second, 7, 100)
			r.ack(0, first, 8, 100)
		}, "swapped"},
		{"swapped, but refused before", func(r *room) {
			first, second := r.begin(0), r.begin(0)
			r.late(0, first)
			r.ack(0, second, 7, 100)
			r.ack(0, first, 8, 100)
		}, ""},
		{"history does not know what was acknowledged", func(r *room) { r.answered(read{head: 5}, r.known()) }, "lost"},
		{"another epoch", func(r *room) { r.is("a"); r.is("a"); r.is("b") }, "lost"},
	} {
		w, r := talkative(6)
		tt.do(r)
		if got := w.found(); got != tt.want {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestLinear(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(r *room)
		want string
	}{
		{"sends alone", func(*room) {}, ""},
		{"a read while something is sent: before or after it", func(r *room) {
			r.reads = append(r.reads, read{3, 1001, 1003, 100}, read{3, 1001, 1003, 101})
		}, ""},
		{"a read of the beginning", func(r *room) { r.reads = append(r.reads, read{3, -2, -1, 0}) }, ""},
		{"a stale read", func(r *room) { r.reads = append(r.reads, read{3, 1006, 1008, 100}) }, "linear"},
		{"a read of what is still to come", func(r *room) { r.reads = append(r.reads, read{3, 1006, 1008, 102}) }, "linear"},
		{"a stale read from long ago", func(r *room) { r.reads = append(r.reads, read{3, 30_000, 30_001, 100}) }, "linear"},
		{"two reads that go back", func(r *room) {
			r.reads = append(r.reads, read{3, 1001, 1002, 101}, read{3, 1003, 1004, 100})
		}, "linear"},
	} {
		w, r := talkative(3500)
		tt.do(r)
		w.checkLinear(r)
		if got := w.found(); got != tt.want && (tt.want == "" || !strings.HasPrefix(got, tt.want)) {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestReceiptsBeyondTheEnd(t *testing.T) {
	w, r := talkative(10)
	r.mark("p3", 10, 95) // its message was sent at 90
	w.checkReceipts(r)
	if got := w.found(); got != "" {
		t.Errorf("found %q", got)
	}
	for _, p := range []peak{{value: 10, at: 89}, {value: 11, at: 1000}} {
		w, r := talkative(10)
		r.mark("p3", p.value, p.at)
		w.checkReceipts(r)
		if got := w.found(); got != "receipt" {
			t.Errorf("%+v: found %q", p, got)
		}
	}
}

// fakeLine says nothing.
type fakeLine struct{}

func (fakeLine) Start()                {}
func (fakeLine) Say(...native.Request) {}
func (fakeLine) Close()                {}

// What a client is told and must not be.
func TestClientFindsWhatIsNotSaid(t *testing.T) {
	message := func(seq uint64, client, n int) *native.Message {
		return &native.Message{Room: "room-0", Seq: seq, From: userOf(client), Body: native.Body{Format: native.Text, Data: []byte(body(client, n))}}
	}
	joined := &native.JoinOK{Room: "room-0", Head: 6, Epoch: "e", Received: 3}
	first := message(1, 0, 0)
	for _, tt := range []struct {
		name string
		says []native.Event
		want string
	}{
		{"the log", []native.Event{joined, first, message(2, 1, 0), message(3, 0, 1)}, ""},
		{"a hole", []native.Event{joined, first, message(3, 0, 1)}, "hole"},
		{"twice", []native.Event{joined, first, first}, "doubled"},
		{"not from the beginning", []native.Event{joined, message(2, 1, 0)}, "hole"},
		{"another body", []native.Event{joined, &native.Message{Seq: 1, Body: native.Body{Format: native.Text, Data: []byte("0.0.00000001")}}}, "altered"},
		{"another sender", []native.Event{joined, &native.Message{Seq: 1, From: "p1", Body: first.Body}}, "altered"},
		{"trimmed", []native.Event{joined, &native.Gap{From: 1, To: 3, Why: "trimmed"}}, "lost"},
		{"lag", []native.Event{joined, first, &native.Gap{From: 2, To: 3, Why: "lag"}}, ""},
		{"an answer to nothing", []native.Event{joined, &native.SendOK{ID: "7", Seq: 1}}, "answer"},
		{"joined twice", []native.Event{joined, joined}, "answer"},
		{"refused for good", []native.Event{joined, &native.Error{Code: "bad_request"}}, "answer"},
		{"refused for now", []native.Event{joined, &native.Error{Code: "drain", Retry: true}}, ""},
		{"its own receipt, lower", []native.Event{&native.JoinOK{Head: 6, Epoch: "e", Received: 2}}, "receipt"},
		{"its own receipt", []native.Event{&native.JoinOK{Head: 6, Epoch: "e", Received: 3}}, ""},
		{"receipts that grow", []native.Event{joined, &native.Receipt{User: "p2", Received: 3, Read: 2}, &native.Receipt{User: "p2", Received: 4, Read: 2}}, ""},
		{"a receipt beyond everything", []native.Event{joined, &native.Receipt{User: "p2", Received: 7}}, "receipt"},
		{"a receipt that shrinks", []native.Event{joined, &native.Receipt{User: "p2", Received: 3, Read: 2}, &native.Receipt{User: "p2", Received: 2, Read: 2}}, "receipt"},
		{"a receipt that has read what it has not received", []native.Event{joined, &native.Receipt{User: "p2", Received: 3, Read: 4}}, "receipt"},
	} {
		w, r := talkative(6)
		r.epoch = "e"
		c := w.clients[4]
		v := &visiting{door: doors.Named("websocket"), line: fakeLine{}, asked: map[native.ID]ask{}, marks: map[string][2]uint64{}, own: receiptMark{received: 3}}
		for _, e := range tt.says {
			c.hear(v, heard{event: e, at: int64(time.Second)})
		}
		if got := w.found(); got != tt.want {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestClientKnowsWhoIsThere(t *testing.T) {
	w := quiet(5)
	c := w.clients[0]
	v := &visiting{door: doors.Named("websocket"), line: fakeLine{}, joined: true}
	c.line = v
	users := func(ids ...string) (us []native.User) {
		for _, id := range ids {
			us = append(us, native.User{ID: id})
		}
		return us
	}
	c.presence(v, &native.Presence{Whole: true, Joined: users("p0", "p1", "ghost")})
	c.presence(v, &native.Presence{Joined: users("p2", "p3", "p4"), Left: users("ghost")})
	c.publish()
	if wrong := c.sees(w.there(c.room)); wrong != "" {
		t.Error(wrong)
	}
	c.presence(v, &native.Presence{Left: users("p4")})
	c.publish()
	if c.sees(w.there(c.room)) == "" {
		t.Error("somebody is missing and it was not noticed")
	}
	w.clients[4].leave()
	if wrong := c.sees(w.there(c.room)); wrong != "" {
		t.Error(wrong)
	}
}

func TestWhoDoesNotGetOn(t *testing.T) {
	for _, tt := range []struct {
		name string
		now  state
		want string
	}{
		{"everything", state{online: true, last: 6}, ""},
		{"away", state{last: 6}, "not resumed"},
		{"not read to the end", state{online: true, last: 5}, "not resumed"},
		{"a message without an answer", state{online: true, last: 6, pending: 1}, "not resumed"},
	} {
		w, _ := talkative(6)
		for _, c := range w.clients {
			c.now.Store(&state{online: true, last: 6})
		}
		w.clients[2].now.Store(&tt.now)
		w.await(t.Context(), stuck, 0, (*client).behind)
		if got := w.found(); got != tt.want {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestBounds(t *testing.T) {
	for _, tt := range []struct {
		has  usage
		want string
	}{
		{usage{100 << 20, 100}, ""},
		{usage{171 << 20, 100}, "bounds"},
		{usage{100 << 20, 121}, "bounds"},
	} {
		w := quiet(5)
		if ok := w.bounded(tt.has); ok != (tt.want == "") || w.found() != tt.want {
			t.Errorf("%+v: %v, found %q, want %q", tt.has, ok, w.found(), tt.want)
		}
	}
}

// Presence has as long as the server may believe in somebody by the doors that there are.
func TestHowLongSomebodyLingers(t *testing.T) {
	for doors, want := range map[string]time.Duration{
		"websocket,sse": 10 * time.Second, "websocket,poll": 30 * time.Second, "socketio-polling,poll": 55 * time.Second,
	} {
		w := quiet(5)
		w.options.Doors = strings.Split(doors, ",")
		if got := w.lingering(); got != want {
			t.Errorf("%s: %v, want %v", doors, got, want)
		}
	}
}

func TestLatencyThatDoesNotComeBack(t *testing.T) {
	const lastFault = 40 * time.Second
	for _, tt := range []struct {
		name string
		took func(at time.Duration) time.Duration // after the last fault
		want string
	}{
		{"at once", func(time.Duration) time.Duration { return 5 * ms }, ""},
		{"after nine seconds", func(at time.Duration) time.Duration { return max(5*ms, (lastFault+9*time.Second-at)*10) }, ""},
		{"after eleven seconds", func(at time.Duration) time.Duration {
			if at < lastFault+11*time.Second {
				return 500 * ms
			}
			return 5 * ms
		}, "latency"},
		{"never", func(time.Duration) time.Duration { return 500 * ms }, "latency"},
		{"no acknowledgement at all", nil, "latency"},
	} {
		w := quiet(5)
		w.begun = time.Now().Add(-w.options.Length)
		w.struck = []Struck{{Strike: Strike{Fault: "kill"}, Begin: 10 * time.Second, End: lastFault}}
		for at := time.Duration(0); at < w.options.Length; at += time.Second {
			switch {
			case at < warmUp(w.options.Length):
				w.meter.sent(int64(at), 4*ms)
			case at < lastFault:
				w.meter.sent(int64(at), time.Second)
			case tt.took != nil:
				w.meter.sent(int64(at), tt.took(at))
			}
		}
		w.recover(t.Context())
		if got := w.found(); got != tt.want {
			t.Errorf("%s: found %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestBodies(t *testing.T) {
	for range 1000 {
		client, n := rand.IntN(1000), rand.IntN(1<<20)
		if c, m, ok := parse(body(client, n)); !ok || c != client || m != n {
			t.Fatalf("message %d of client %d is %d of %d, %v", n, client, m, c, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(body(3, 141))
	f.Add("3.141.0000")
	f.Add("..")
	f.Fuzz(func(t *testing.T, text string) {
		if client, n, ok := parse(text); ok && body(client, n) != text {
			t.Errorf("%q is taken for message %d of client %d", text, n, client)
		}
	})
}
