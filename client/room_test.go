package client

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/wire/native"
)

func TestConversation(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 7)
		if seq, epoch, ok := r.Position(); seq != 7 || epoch != "k" || !ok {
			t.Errorf("position %d %s %v", seq, epoch, ok)
		}
		sent := make(chan Sent, 1)
		go func() {
			got, err := r.Send(t.Context(), Draft{Body: map[string]int{"n": 1}, Kind: "poll", CID: "c1"})
			if err != nil {
				t.Error(err)
			}
			sent <- got
		}()
		a.want(`{"type":"send","id":3,"room":"r","cid":"c1","kind":"poll","body":{"n":1}}`)
		a.say(`{"type":"ok","id":3,"room":"r","seq":8,"at":"2026-11-22T09:00:01.000Z","dup":false}`)
		if got := <-sent; got.Seq != 8 || got.Dup || got.At.IsZero() {
			t.Errorf("sent %+v", got)
		}
		a.push(8, 9)
		a.say(`{"type":"signal","room":"r","from":"bob","kind":"typing","body":"x"}`,
			`{"type":"receipt","room":"r","user":"bob","received":9,"read":8}`,
			`{"type":"presence","room":"r","joined":["bob"],"names":{"bob":"Bob"},"left":["cy"],"count":2}`)
		wantNext(t, r, "message 8 8", "message 9 9", "signal bob typing x", "receipt bob 9 8", "presence whole=false +1 -1 =2")
		if seq, _, _ := r.Position(); seq != 9 || r.Head() != 9 {
			t.Errorf("position %d, head %d", seq, r.Head())
		}
		if err := r.Signal("typing", nil); err != nil {
			t.Fatal(err)
		}
		a.want(`{"type":"signal","room":"r","kind":"typing"}`)
		r.Leave()
		a.want(`{"type":"leave","room":"r"}`)
		if _, err := r.Next(t.Context()); err != ErrLeft {
			t.Errorf("after Leave: %v", err)
		}
	})
}

// After a cut the room goes on where it was, and what was not answered goes again first, in its order.
func TestResume(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 7)
		a.push(8, 9)
		wantNext(t, r, "message 8 8", "message 9 9")
		var pending []*Pending
		for i := range 3 {
			p, err := r.Post(t.Context(), Draft{Body: "x", CID: fmt.Sprint("c", i)})
			if err != nil {
				t.Fatal(err)
			}
			pending = append(pending, p)
			a.want(fmt.Sprintf(`{"type":"send","id":%d,"room":"r","cid":"c%d","body":"x"}`, 3+i, i))
		}
		a.say(`{"type":"ok","id":3,"room":"r","seq":10,"at":"2026-11-22T09:00:01.000Z","dup":false}`)
		a.cut()

		a = s.welcomed(`,"resume":"r1"`)
		a.want(`{"type":"join","id":2,"room":"r","since":9,"epoch":"k"}`)
		if _, err := r.Post(t.Context(), Draft{Body: "y", CID: "later"}); err != nil {
			t.Fatal(err)
		}
		a.joined(2, 11)
		a.want(`{"type":"send","id":3,"room":"r","cid":"c1","body":"x"}`)
		a.want(`{"type":"send","id":4,"room":"r","cid":"c2","body":"x"}`)
		a.want(`{"type":"send","id":5,"room":"r","cid":"later","body":"y"}`)
		a.push(9, 10)
		// The message itself says that it is in the log, before the answer to its repetition.
		a.say(`{"type":"message","room":"r","seq":11,"from":"ann","cid":"c1","at":"2026-11-22T09:00:00.000Z","body":"x"}`)
		wantNext(t, r, "message 10 10", "message 11 x")
		if sent, err := pending[1].Wait(t.Context()); err != nil || sent.Seq != 11 {
			t.Errorf("c1: %v, %v", sent, err)
		}
		a.say(`{"type":"ok","id":3,"room":"r","seq":11,"at":"2026-11-22T09:00:01.000Z","dup":true}`,
			`{"type":"ok","id":4,"room":"r","seq":12,"at":"2026-11-22T09:00:01.000Z","dup":true}`)
		if sent, err := pending[2].Wait(t.Context()); err != nil || sent.Seq != 12 || !sent.Dup {
			t.Errorf("c2: %v, %v", sent, err)
		}
	})
}

func TestStarts(t *testing.T) {
	tests := []struct {
		from Start
		want string
	}{
		{Start{}, ``},
		{Last(20), `,"since":-20`},
		{Last(0), ``},
		{After(0, ""), `,"since":0`},
		{After(42, "k"), `,"since":42,"epoch":"k"`},
	}
	for _, tt := range tests {
		play(t, func(t *testing.T, s *stage) {
			c := s.connect()
			a := s.welcomed("")
			go func() { _, _ = c.Join(t.Context(), "r", tt.from) }()
			a.want(`{"type":"join","id":2,"room":"r"` + tt.want + `}`)
			a.joined(2, 50)
			synctest.Wait()
		})
	}
}

func TestRefusedRoom(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		a := s.welcomed("")
		refusal := `{"type":"error","id":2,"code":"forbidden","message":"no","retry":false,"room":"r"}`
		done := make(chan error, 1)
		go func() { _, err := c.Join(t.Context(), "r", Start{}); done <- err }()
		a.want(`{"type":"join","id":2,"room":"r"}`)
		a.say(refusal)
		if e, ok := errors.AsType[*Error](<-done); !ok || e.Code != "forbidden" {
			t.Fatal("Join:", e)
		}
		go func() { _, err := c.Join(t.Context(), "r", Start{}); done <- err }()
		a.want(`{"type":"join","id":3,"room":"r"}`)
		a.say(`{"type":"error","id":3,"code":"busy","message":"wait","retry":true,"room":"r"}`)
		a.want(`{"type":"join","id":4,"room":"r"}`)
		a.joined(4, 0)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		r := c.rooms["r"]
		if _, err := c.Join(t.Context(), "r", Start{}); err != ErrJoined {
			t.Error("joined twice:", err)
		}
		a.cut()
		a = s.welcomed(`,"resume":"r1"`)
		a.want(`{"type":"join","id":2,"room":"r","since":0,"epoch":"k"}`)
		a.say(refusal)
		if _, err := r.Next(t.Context()); !errors.As(err, new(*Error)) {
			t.Error("Next:", err)
		}
		if _, err := r.Send(t.Context(), "x"); !errors.As(err, new(*Error)) {
			t.Error("Send:", err)
		}
	})
}

// A program that does not read for a while has bounded queues here, and loses nothing.
func TestSlowReader(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		const all = 1500
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 0)
		a.push(1, all)
		a.say(`{"type":"signal","room":"r","from":"bob","kind":"late"}`)
		synctest.Wait()
		c.mu.Lock()
		if n, held := len(r.queue.items), len(r.sequence.held); n > maxQueued || held > maxHeld {
			t.Errorf("%d events wait, %d are held", n, held)
		}
		c.mu.Unlock()
		go func() { // the server answers history
			for after, id := maxQueued+maxHeld, 3; after < all; id++ {
				_, text, err := a.conn.Read(t.Context())
				if err != nil {
					return
				}
				request, err := native.Decode(text)
				h, ok := request.(*native.History)
				if err != nil || !ok || h.ID != native.ID(fmt.Sprint(id)) || h.Room != "r" || h.After != uint64(after) {
					t.Errorf("%s: %v", text, err)
					return
				}
				to := min(after+h.Limit, all)
				a.page(id, after+1, to, 1, all)
				after = to
			}
		}()
		for seq := 1; seq <= all; seq++ {
			wantNext(t, r, fmt.Sprintf("message %d %d", seq, seq))
		}
	})
}

// Presence that was dropped is told whole.
func TestSlowReaderOfPresence(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 0)
		a.push(1, maxQueued)
		a.say(`{"type":"presence","room":"r","joined":["bob"],"names":{},"left":[],"count":2}`)
		synctest.Wait()
		for seq := 1; seq <= maxQueued; seq++ {
			wantNext(t, r, fmt.Sprintf("message %d %d", seq, seq))
		}
		a.want(`{"type":"presence","id":3,"room":"r"}`)
		a.say(`{"type":"ok","id":3,"room":"r","users":[{"id":"ann","name":"Ann"},{"id":"bob","name":""}],"count":2}`)
		wantNext(t, r, "presence whole=true +2 -0 =2")
	})
}

func TestGaps(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 4)
		a.say(`{"type":"gap","room":"r","from":5,"to":6,"why":"lag"}`)
		a.push(7, 7)
		a.want(`{"type":"history","id":3,"room":"r","after":4,"limit":200}`)
		a.say(`{"type":"error","id":3,"code":"busy","message":"wait","retry":true}`)
		a.want(`{"type":"history","id":4,"room":"r","after":4,"limit":200}`)
		a.page(4, 5, 7, 1, 7)
		wantNext(t, r, "message 5 5", "message 6 6", "message 7 7")
		a.say(`{"type":"gap","room":"r","from":8,"to":9,"why":"trimmed"}`)
		a.push(10, 10)
		wantNext(t, r, "gap 8-9 trimmed", "message 10 10")
		a.cut()
		a = s.welcomed(`,"resume":"r1"`)
		a.want(`{"type":"join","id":2,"room":"r","since":10,"epoch":"k"}`)
		a.joinedEpoch(2, 2, "z")
		a.say(`{"type":"gap","room":"r","from":1,"to":2,"why":"epoch"}`)
		a.want(`{"type":"history","id":3,"room":"r","after":0,"limit":200}`)
		a.say(`{"type":"ok","id":3,"room":"r","messages":[` + pushed(1) + `,` + pushed(2) + `],"first":1,"head":2,"epoch":"z"}`)
		wantNext(t, r, "gap 1-0 epoch", "message 1 1", "message 2 2")
		if seq, epoch, _ := r.Position(); seq != 2 || epoch != "z" {
			t.Errorf("position %d %s", seq, epoch)
		}
	})
}

func TestSendIsRefused(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 0)
		p, err := r.Post(t.Context(), Draft{Body: "x", CID: "c1"})
		if err != nil {
			t.Fatal(err)
		}
		if again, _ := r.Post(t.Context(), Draft{Body: "x", CID: "c1"}); again != p {
			t.Error("the same cid is another message")
		}
		a.want(`{"type":"send","id":3,"room":"r","cid":"c1","body":"x"}`)
		a.say(`{"type":"error","id":3,"code":"busy","message":"wait","retry":true}`)
		a.want(`{"type":"send","id":4,"room":"r","cid":"c1","body":"x"}`)
		a.say(`{"type":"error","id":4,"code":"too_large","message":"no","retry":false}`)
		_, err = p.Wait(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "too_large" {
			t.Errorf("refused with %v", err)
		}
		_, err = r.Send(t.Context(), strings.Repeat("\x00", 1<<18))
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "too_large" {
			t.Errorf("a message above the frame: %v", err)
		}
		a.silent(time.Second)
	})
}

// The context of a Send is the message's: what was given up is not sent again.
func TestSendIsGivenUp(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 0)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Send(ctx, "x"); err != context.DeadlineExceeded {
			t.Fatal(err)
		}
		a.cut()
		a = s.welcomed(`,"resume":"r1"`)
		a.want(`{"type":"join","id":2,"room":"r","since":0,"epoch":"k"}`)
		a.joined(2, 0)
		a.silent(time.Second)
		if c.unsent != 0 || c.unsentLen != 0 {
			t.Errorf("%d messages of %d bytes are unsent", c.unsent, c.unsentLen)
		}
	})
}

func TestFullOutbox(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 0)
		var first *Pending
		for i := range maxUnsent {
			p, err := r.Post(t.Context(), Draft{Body: i, CID: fmt.Sprint(i)})
			if err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				first = p
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := r.Post(ctx, "one more"); err != context.DeadlineExceeded {
			t.Fatal("more was taken:", err)
		}
		for i := range window {
			a.want(fmt.Sprintf(`{"type":"send","id":%d,"room":"r","cid":"%d","body":%d}`, 3+i, i, i))
		}
		a.silent(time.Second)
		posted := make(chan error, 1)
		go func() { _, err := r.Post(t.Context(), "one more"); posted <- err }()
		synctest.Wait()
		first.Discard()
		if err := <-posted; err != nil {
			t.Error(err)
		}
	})
}

// What another user wrote is not sent as ours.
func TestAnotherUser(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 0)
		a.cut()
		synctest.Wait()
		p, err := r.Post(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		a = s.next()
		a.want(`{"type":"hello","id":1,"resume":"r1"}`)
		a.say(strings.ReplaceAll(welcome, "ann", "bob"), `{"type":"ok","id":1}`)
		a.want(`{"type":"join","id":2,"room":"r","since":0,"epoch":"k"}`)
		a.joined(2, 0)
		_, err = p.Wait(t.Context())
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != "forbidden" {
			t.Errorf("the message ended with %v", err)
		}
	})
}

// What the application has taken counts as received; the server is told once a second at most.
func TestReceipts(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect()
		a := s.welcomed("")
		r := s.join(c, a, 0)
		a.push(1, 9)
		wantNext(t, r, "message 1 1", "message 2 2")
		a.want(`{"type":"receipt","room":"r","received":1,"read":0}`)
		a.silent(999 * time.Millisecond)
		wantNext(t, r, "message 3 3")
		r.Receipt(0, 2)
		a.want(`{"type":"receipt","room":"r","received":3,"read":2}`)
		r.Receipt(100, 100)
		a.want(`{"type":"receipt","room":"r","received":9,"read":9}`)
		a.cut()
		a = s.welcomed(`,"resume":"r1"`)
		a.want(`{"type":"join","id":2,"room":"r","since":9,"epoch":"k"}`)
		a.joined(2, 9) // it has not heard of them
		a.want(`{"type":"receipt","room":"r","received":9,"read":9}`)
	})
}

func TestHistory(t *testing.T) {
	play(t, func(t *testing.T, s *stage) {
		c := s.connect(noReceipts)
		a := s.welcomed("")
		r := s.join(c, a, 100)
		walked := make(chan string, 1)
		go func() {
			got := ""
			for m, err := range r.History(t.Context(), 6) {
				if err != nil {
					t.Error(err)
					break
				}
				got += fmt.Sprint(m.Seq, " ")
			}
			walked <- got
		}()
		a.want(`{"type":"history","id":3,"room":"r","before":6}`)
		a.page(3, 4, 5, 2, 100)
		a.want(`{"type":"history","id":4,"room":"r","before":4}`)
		a.cut() // the walk goes on
		a = s.welcomed(`,"resume":"r1"`)
		a.want(`{"type":"join","id":2,"room":"r","since":100,"epoch":"k"}`)
		a.joined(2, 100)
		a.want(`{"type":"history","id":3,"room":"r","before":4}`)
		a.page(3, 2, 3, 2, 100)
		if got := <-walked; got != "5 4 3 2 " {
			t.Errorf("walked %s", got)
		}
		go func() {
			got := ""
			for m, err := range r.HistoryAfter(t.Context(), 97) {
				if err != nil {
					t.Error(err)
					break
				}
				got += fmt.Sprint(m.Seq, " ")
			}
			walked <- got
		}()
		a.want(`{"type":"history","id":4,"room":"r","after":97}`)
		a.page(4, 98, 100, 1, 100)
		if got := <-walked; got != "98 99 100 " {
			t.Errorf("walked %s", got)
		}
	})
}

func TestBodies(t *testing.T) {
	tests := []struct {
		body any
		want string // "" if it is refused
	}{
		{"text", `"body":"text"`},
		{[]byte{0, 255}, `"data":"AP8="`},
		{nil, `"body":null`},
		{[]int{1, 2}, `"body":[1,2]`},
		{time.Unix(0, 0).UTC(), `"body":"1970-01-01T00:00:00Z"`},
		{Body{Format: JSON, Data: []byte(`{"a":1}`)}, `"body":{"a":1}`},
		{Draft{Body: []byte("x"), Type: "image/png"}, `"data":"eA==","content":"image/png"`},
		{Body{Format: JSON, Data: []byte(`{`)}, ``},
		{"\xff", ``},
		{func() {}, ``},
	}
	for _, tt := range tests {
		r := &Room{name: "r"}
		m, err := r.draft(tt.body)
		if (err == nil) != (tt.want != "") {
			t.Errorf("%v: %v", tt.body, err)
			continue
		}
		if got := string(m.Append(nil)); !strings.HasSuffix(got, tt.want+"}") && tt.want != "" {
			t.Errorf("%v became %s", tt.body, got)
		}
	}
	var n []int
	if err := (Body{Format: JSON, Data: []byte(`[1]`)}).Unmarshal(&n); err != nil || len(n) != 1 {
		t.Error(n, err)
	}
	var text string
	if err := (Body{Format: Text, Data: []byte(`a"b`)}).Unmarshal(&text); err != nil || text != `a"b` {
		t.Error(text, err)
	}
	if err := (Body{Format: Bytes}).Unmarshal(&text); err == nil {
		t.Error("bytes were unmarshalled")
	}
}
