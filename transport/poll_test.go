package transport

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestPolls: a request hears the news that come close together, at its time that there are none, and that another
// of its poll is here.
func TestPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := NewLongPoll(), new(talker)
		first := ask(t, l, h, "", 0)
		w := await(t, l, h, at(first), time.Minute)
		time.Sleep(10 * time.Second)
		begin := time.Now()
		h.say("news")
		time.Sleep(gathering / 2)
		h.say("more")
		second := <-w.answers
		if !strings.Contains(second.text, `"events":["news","more"]`) || second.last || time.Since(begin) != gathering {
			t.Errorf("after %v: %+v", time.Since(begin), second)
		}
		begin = time.Now()
		third := ask(t, l, h, at(second.text), 7*time.Second)
		if !strings.Contains(third, `"events":[]`) || time.Since(begin) != 7*time.Second {
			t.Errorf("after %v: %s", time.Since(begin), third)
		}
		w = await(t, l, h, at(third), time.Minute)
		other := await(t, l, h, at(third), time.Minute)
		if got := w.hear(); got != `{"events":[]}`+"\n" {
			t.Errorf("who was replaced hears %s", got)
		}
		h.say("for the other")
		if got := other.hear(); !strings.Contains(got, "for the other") {
			t.Error(got)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestPollsThatAreLeft: a client that leaves before the first answer never comes back to that poll; later it may.
func TestPollsThatAreLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := NewLongPoll(), new(talker)
		w := await(t, l, h, "", time.Minute)
		w.Leave()
		if text := w.hear(); text != "" {
			t.Errorf("who has left hears %s", text)
		}
		synctest.Wait()
		if n, _ := h.ended(); n != 1 {
			t.Errorf("Closed %d times", n)
		}

		h = new(talker)
		first := ask(t, l, h, "", 0)
		w = await(t, l, h, at(first), time.Minute)
		w.Leave()
		w.hear()
		h.say("owed")
		if again := ask(t, l, h, at(first), time.Minute); !strings.Contains(again, "owed") {
			t.Errorf("the same again: %s", again)
		}
		if w.Redirect(nil) {
			t.Error("an answer that was given can be given elsewhere")
		}
		w.Leave() // too late
		w = await(t, l, h, "nowhere.1", time.Minute)
		answer := make(chan string, 1)
		if !w.Redirect(func(a Answer, _ bool) { answer <- string(a[0]) }) {
			t.Error("an answer cannot be given elsewhere")
		}
		h.say("elsewhere")
		if text := <-answer; !strings.Contains(text, `"rooms":"elsewhere"`) {
			t.Error(text)
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestPollsThatAreOwed: a session is told that something is on its way to the client, wherever that is: a late
// request for other rooms must not have it leave one and join it again, with what it has of it.
func TestPollsThatAreOwed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, h := NewLongPoll(), new(talker)
		last := ask(t, l, h, "", 0)
		owes := func() (owed bool) {
			w, err := l.Ask(Ask{At: at(last), Owner: "ann", Wait: time.Minute, Reply: func(Answer, bool) {},
				Again: func(_ Handler, o bool) bool { owed = o; return true }})
			if err != nil {
				t.Fatal(err)
			}
			w.Leave()
			time.Sleep(gathering)
			synctest.Wait()
			return owed
		}
		if owes() {
			t.Error("nothing was said")
		}
		h.pipe.Pause()
		if !owes() {
			t.Error("a join is under way")
		}
		h.pipe.Resume()
		time.Sleep(gathering)
		h.say("not drained")
		if !owes() {
			t.Error("there is news")
		}
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestPollsAtTheEnd: Close answers who waits, for the last time, and gives all sessions their Closed, of whom
// nobody waits too.
func TestPollsAtTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := NewLongPoll()
		waits, away := new(talker), new(talker)
		w := await(t, l, waits, at(ask(t, l, waits, "", 0)), time.Minute)
		ask(t, l, away, "", 0)
		away.say("to nobody")
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if answer := <-w.answers; !answer.last {
			t.Errorf("not the last: %+v", answer)
		}
		for _, h := range []*talker{waits, away} {
			if n, _ := h.ended(); n != 1 {
				t.Errorf("Closed %d times", n)
			}
		}
	})
}

// TestPollsOfMany: five hundred clients, each of whom asks again as soon as it is answered, hear everything once
// and in order, while requests of theirs leave, and while more is said.
func TestPollsOfMany(t *testing.T) {
	const clients, words = 500, 40
	l := NewLongPoll()
	talkers := make([]*talker, clients)
	var here, all sync.WaitGroup
	here.Add(clients)
	for i := range talkers {
		h := new(talker)
		talkers[i] = h
		all.Go(func() {
			last, heard := ask(t, l, h, "", 0), 0
			here.Done()
			for turn := 0; heard < words; turn++ {
				w := await(t, l, h, at(last), time.Minute)
				if turn%7 == i%7 {
					w.Leave()
				}
				text := w.hear()
				if text == "" {
					continue
				}
				last = text
				_, events, _ := strings.Cut(text, `"events":[`)
				for e := range strings.SplitSeq(strings.TrimRight(events, "]}\n"), ",") {
					if e != fmt.Sprintf("%q", fmt.Sprint("word ", heard)) {
						t.Errorf("client %d hears %s as word %d", i, e, heard)
						return
					}
					heard++
				}
			}
		})
	}
	here.Wait()
	for i := range words {
		for _, h := range talkers {
			h.say(fmt.Sprint("word ", i))
		}
	}
	all.Wait()
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
