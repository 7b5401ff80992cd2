package hub_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newHub(t *testing.T, c hub.Config) (*hub.Hub, *fakeStore) {
	store := newStore()
	if c.Store == nil {
		c.Store = store
	}
	h := hub.New(c)
	t.Cleanup(func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return h, store
}

func TestSendIsAcknowledgedAfterTheCommitAndBeforeDelivery(t *testing.T) {
	h, store := newHub(t, hub.Config{})
	ann := connect(t, h, guest("ann"))
	ann.join("r", hub.JoinOptions{})
	next(ann, any1[*hub.Presence])

	store.hold()
	acked := make(chan hub.Sent, 1)
	ann.session.Send(hub.Draft{Room: "r", CID: "1", Body: hub.Body{Format: hub.Text, Data: []byte("hi")}},
		func(s hub.Sent, err error) {
			ann.session.Reply("ack", 0)
			acked <- s
		})
	select {
	case <-acked:
		t.Fatal("acknowledged before the commit")
	default:
	}
	store.release()
	if s := <-acked; s.Seq != 1 || s.Dup {
		t.Errorf("ack is %+v", s)
	}
	next(ann, func(s string) bool { return s == "ack" })
	if m := next(ann, any1[*hub.Message]); m.Seq != 1 || string(m.Body.Data) != "hi" {
		t.Errorf("delivered %+v", m)
	}
}

// What a sender was told is in the log for everybody from then on, though it is delivered only afterwards: to a room that was there, and to
// one that is only just read.
func TestHistoryHasWhatWasAcknowledged(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	ann, bob := connect(t, h, guest("ann")), connect(t, h, guest("bob"))
	for _, seq := range []uint64{1, 2} {
		got := make(chan hub.History, 1)
		ann.session.Send(hub.Draft{Room: "r", Body: hub.Body{Format: hub.Text, Data: []byte("hi")}}, func(s hub.Sent, err error) {
			bob.session.History("r", hub.HistoryQuery{}, func(h hub.History, err error) { got <- h })
		})
		if h := <-got; h.Head != seq || len(h.Messages) != int(seq) {
			t.Errorf("the log ends with %d, and has %d messages", h.Head, len(h.Messages))
		}
		if seq == 1 {
			bob.join("r", hub.JoinOptions{})
		}
	}
}

func TestRetryGetsTheFirstSeq(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	ann := connect(t, h, guest("ann"))
	ann.say("r", "1", "hi")
	ann.say("r", "2", "ho")
	if s := ann.say("r", "1", "hi"); s.Seq != 1 || !s.Dup {
		t.Errorf("retry got %+v", s)
	}
}

// Readers come, go, and come back since where they were, while senders send: everyone sees every
// message once, in order.
func TestNoHoleNoDoubleUnderReconnects(t *testing.T) {
	const senders, each, readers = 4, 200, 8
	h, _ := newHub(t, hub.Config{Limits: hub.Limits{Outbox: 16}})
	var wg sync.WaitGroup
	for i := range senders {
		wg.Go(func() {
			c := connect(t, h, guest(fmt.Sprint("s", i)))
			for n := range each {
				c.say("r", fmt.Sprint(n), "x")
			}
			c.session.Close(nil)
		})
	}
	for i := range readers {
		wg.Go(func() {
			last := uint64(0)
			for last < senders*each {
				c := connect(t, h, guest(fmt.Sprint("r", i)))
				c.join("r", hub.JoinOptions{Replay: true, Since: int64(last), Epoch: "e", Lag: hub.LagCatchUp})
				for range 50 + 10*i {
					if last == senders*each {
						break
					}
					m := next(c, any1[*hub.Message])
					if m.Seq != last+1 {
						t.Errorf("reader %d: seq %d after %d", i, m.Seq, last)
						return
					}
					last = m.Seq
				}
				c.session.Close(nil)
			}
		})
	}
	wg.Wait()
}

func TestPresenceCountsUsersNotSessions(t *testing.T) {
	var log events
	h, _ := newHub(t, hub.Config{Hooks: hub.Hooks{
		Connect:    func(s *hub.Session) error { log.add("connected " + s.User().ID); return nil },
		Disconnect: func(s *hub.Session, err error) { log.add("disconnected " + s.User().ID) },
		Joined:     func(s *hub.Session, room string) { log.add(s.User().ID + " joined " + room) },
		Left:       func(s *hub.Session, room string) { log.add(s.User().ID + " left " + room) },
	}})
	ann := connect(t, h, guest("ann"))
	ann.join("r", hub.JoinOptions{})
	next(ann, func(p *hub.Presence) bool { return p.Whole && p.Count == 1 })

	bob1, bob2 := connect(t, h, guest("bob")), connect(t, h, guest("bob"))
	bob1.join("r", hub.JoinOptions{})
	next(ann, func(p *hub.Presence) bool { return len(p.Joined) == 1 && p.Joined[0].ID == "bob" })
	bob2.join("r", hub.JoinOptions{})
	bob1.session.Close(nil)
	bob2.session.Close(nil)
	p := next(ann, func(p *hub.Presence) bool { return !p.Whole })
	if len(p.Left) != 1 || p.Left[0].ID != "bob" || p.Count != 1 {
		t.Errorf("after both sessions of bob: %+v", p)
	}
	want := "connected ann, ann joined r, connected bob, connected bob, bob joined r, bob joined r, " +
		"bob left r, disconnected bob, bob left r, disconnected bob"
	if got := log.String(); got != want {
		t.Errorf("events:\n%s\nwant\n%s", got, want)
	}
}

func TestReceiptsReachOthersAndOutliveTheSession(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	ann, bob := connect(t, h, guest("ann")), connect(t, h, guest("bob"))
	ann.say("r", "1", "hi")
	ann.join("r", hub.JoinOptions{})
	bob.join("r", hub.JoinOptions{})
	if err := bob.session.Receipt(hub.Receipt{Room: "r", Received: 7, Read: 1}); err != nil {
		t.Fatal(err)
	}
	if r := next(ann, any1[*hub.ReceiptEvent]); r.User != "bob" || r.Received != 1 || r.Read != 1 {
		t.Errorf("ann is told %+v", r.Receipt)
	}
	bob.session.Close(nil)
	again := connect(t, h, guest("bob"))
	if j := again.join("r", hub.JoinOptions{}); j.Own.Received != 1 || j.Own.Read != 1 {
		t.Errorf("bob's own after coming back: %+v", j.Own)
	}
	if err := again.session.Receipt(hub.Receipt{Room: "elsewhere", Read: 1}); !errors.Is(err, hub.ErrNotJoined) {
		t.Errorf("receipt without a join: %v", err)
	}
}

func TestSlowReaderHurtsNobody(t *testing.T) {
	h, _ := newHub(t, hub.Config{Limits: hub.Limits{Outbox: 8}})
	slow, quick := connect(t, h, guest("slow")), connect(t, h, guest("quick"))
	slow.join("r", hub.JoinOptions{})
	next(slow, func(p *hub.Presence) bool { return p.Whole }) // it is live
	quick.join("r", hub.JoinOptions{Lag: hub.LagCatchUp})
	for i := range 100 {
		quick.say("r", fmt.Sprint(i), "x")
		if m := next(quick, any1[*hub.Message]); m.Seq != uint64(i+1) {
			t.Fatalf("quick got %d for %d", m.Seq, i+1)
		}
	}
	last := uint64(0)
	g := next(slow, func(ev hub.Event) bool {
		if m, ok := ev.(*hub.Message); ok {
			last = m.Seq
		}
		_, ok := ev.(*hub.Gap)
		return ok
	}).(*hub.Gap)
	if g.From != last+1 || g.To != 100 || g.Why != hub.GapLag {
		t.Errorf("after %d: %+v", last, g)
	}
	got := make(chan hub.History, 1)
	after := last
	slow.session.History("r", hub.HistoryQuery{After: &after, Limit: 200}, func(h hub.History, err error) { got <- h })
	if hist := <-got; len(hist.Messages) != int(100-last) || hist.Messages[0].Seq != last+1 {
		t.Errorf("history gave %d messages", len(hist.Messages))
	}
	quick.say("r", "more", "x")
	if m := next(slow, any1[*hub.Message]); m.Seq != 101 {
		t.Errorf("live again at %d", m.Seq)
	}
}

func TestUnansweredRequestsFillTheSession(t *testing.T) {
	h, store := newHub(t, hub.Config{Limits: hub.Limits{Unanswered: 4}})
	c := connect(t, h, guest("ann"))
	store.hold()
	for i := range 4 {
		c.session.Send(hub.Draft{Room: "r", CID: fmt.Sprint(i)}, func(hub.Sent, error) { c.session.Reply("ok", 2) })
	}
	if !c.session.Full() {
		t.Error("not full with four unanswered")
	}
	store.release()
	for range 4 {
		next(c, func(s string) bool { return s == "ok" })
	}
	if c.session.Full() {
		t.Error("still full after the answers were taken")
	}
}

func TestJoinMayBeLeftBeforeItIsAnswered(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	ann, bob := connect(t, h, guest("ann")), connect(t, h, guest("bob"))
	for range 100 {
		done := make(chan struct{})
		ann.session.Join("r", hub.JoinOptions{}, func(hub.Joined, error) { close(done) })
		if err := ann.session.Leave("r"); err != nil {
			t.Fatal(err)
		}
		<-done
	}
	bob.join("r", hub.JoinOptions{})
	if us, n, err := bob.session.Present("r"); err != nil || n != 1 || us[0].ID != "bob" {
		t.Errorf("present: %v %d %v", us, n, err)
	}
}

func TestRoomsOfASessionAreBounded(t *testing.T) {
	h, _ := newHub(t, hub.Config{Limits: hub.Limits{SessionRooms: 2}})
	c := connect(t, h, guest("ann"))
	c.join("a", hub.JoinOptions{})
	c.join("b", hub.JoinOptions{})
	refused := make(chan error, 1)
	c.session.Join("c", hub.JoinOptions{}, func(_ hub.Joined, err error) { refused <- err })
	if err := <-refused; hub.AsError(err).Code != hub.CodeLimit {
		t.Errorf("third join: %v", err)
	}
	if err := c.session.Leave("a"); err != nil {
		t.Fatal(err)
	}
	c.join("c", hub.JoinOptions{})
}

func TestRefusals(t *testing.T) {
	h, store := newHub(t, hub.Config{
		Authorizer: authorizer(func(u hub.User, a hub.Action, room string) error {
			if room == "secret" {
				return hub.ErrForbidden
			}
			return nil
		}),
		Hooks: hub.Hooks{BeforeSend: func(_ *hub.Session, d *hub.Draft) error {
			if strings.Contains(string(d.Body.Data), "spam") {
				return hub.ErrForbidden
			}
			return nil
		}},
	})
	c := connect(t, h, guest("ann"))
	text := func(s string) hub.Body { return hub.Body{Format: hub.Text, Data: []byte(s)} }
	for name, tc := range map[string]struct {
		draft hub.Draft
		want  hub.Code
	}{
		"no room":       {hub.Draft{Body: text("x")}, hub.CodeBadRequest},
		"long room":     {hub.Draft{Room: strings.Repeat("r", hub.MaxRoom+1)}, hub.CodeTooLarge},
		"control":       {hub.Draft{Room: "a\nb"}, hub.CodeBadRequest},
		"not UTF-8":     {hub.Draft{Room: "a\xff"}, hub.CodeBadRequest},
		"long cid":      {hub.Draft{Room: "r", CID: strings.Repeat("c", hub.MaxCID+1)}, hub.CodeTooLarge},
		"large body":    {hub.Draft{Room: "r", Body: text(strings.Repeat("x", 64<<10+1))}, hub.CodeTooLarge},
		"body no UTF-8": {hub.Draft{Room: "r", Body: text("\xff")}, hub.CodeBadRequest},
		"authorizer":    {hub.Draft{Room: "secret", Body: text("x")}, hub.CodeForbidden},
		"hook":          {hub.Draft{Room: "r", Body: text("spam")}, hub.CodeForbidden},
	} {
		if _, err := c.send(tc.draft); hub.AsError(err).Code != tc.want {
			t.Errorf("%s: %v, want %s", name, err, tc.want)
		}
	}
	store.failWith(errors.New("disk on fire"))
	if _, err := c.send(hub.Draft{Room: "r", Body: text("x")}); !errors.Is(err, hub.ErrUnavailable) {
		t.Errorf("broken store: %v", err)
	}
	store.failWith(nil)
	c.say("r", "1", "works again")
}

func TestExpiryEndsAndRenewPostpones(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hub.New(hub.Config{Store: newStore()})
		u := guest("ann")
		u.Expires = time.Now().Add(time.Minute)
		c := connect(t, h, u)
		time.Sleep(30 * time.Second)
		u.Expires = time.Now().Add(time.Hour)
		if err := c.session.Renew(u); err != nil {
			t.Fatal(err)
		}
		time.Sleep(59 * time.Minute)
		synctest.Wait()
		if c.cause() != nil {
			t.Fatalf("ended early: %v", c.cause())
		}
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		if !errors.Is(c.cause(), hub.ErrExpired) {
			t.Errorf("ended by %v", c.cause())
		}
		if err := c.session.Renew(guest("bob")); hub.AsError(err).Code != hub.CodeForbidden {
			t.Errorf("another user's credential: %v", err)
		}
		h.Close(t.Context())
	})
}

func TestDrain(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	c := connect(t, h, guest("ann"))
	if err := h.Drain(t.Context(), 5*time.Second); err != nil {
		t.Fatal(err)
	}
	bye, ok := errors.AsType[*hub.Bye](c.cause())
	if !ok || bye.After >= 5*time.Second {
		t.Errorf("ended by %v", c.cause())
	}
	if _, err := h.Connect(guest("bob"), c); !errors.Is(err, hub.ErrDraining) {
		t.Errorf("new session while draining: %v", err)
	}
	if err := h.Ready(t.Context()); !errors.Is(err, hub.ErrDraining) {
		t.Errorf("ready while draining: %v", err)
	}
}

func TestSignalsFromTheProgram(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	ann, bob := connect(t, h, guest("ann")), connect(t, h, guest("bob"))
	ann.join("r", hub.JoinOptions{})
	bob.join("r", hub.JoinOptions{})
	if err := h.SignalUser("ann", &hub.Signal{Kind: "call"}); err != nil {
		t.Fatal(err)
	}
	next(ann, func(s *hub.Signal) bool { return s.Kind == "call" })
	if err := h.SignalRoom(&hub.Signal{Room: "r", Kind: "tick"}); err != nil {
		t.Fatal(err)
	}
	next(ann, func(s *hub.Signal) bool { return s.Kind == "tick" })
	next(bob, func(s *hub.Signal) bool { return s.Kind == "tick" })
	if err := ann.session.Signal(&hub.Signal{Room: "r", Kind: "typing"}); err != nil {
		t.Fatal(err)
	}
	if s := next(bob, any1[*hub.Signal]); s.Kind != "typing" || s.From != "ann" {
		t.Errorf("bob is told %+v", s)
	}
	if err := ann.session.Signal(&hub.Signal{Room: "other", Kind: "typing"}); !errors.Is(err, hub.ErrNotJoined) {
		t.Errorf("signal without a join: %v", err)
	}
}

func TestEndReplacesASession(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	c := connect(t, h, guest("ann"))
	if h.End("bob", c.session.ID(), hub.ErrReplaced); c.cause() != nil {
		t.Error("bob ended ann's session")
	}
	if h.End("ann", c.session.ID(), hub.ErrReplaced); !errors.Is(c.cause(), hub.ErrReplaced) {
		t.Errorf("ended by %v", c.cause())
	}
}

func TestIdleRoomsAreForgottenAndComeBack(t *testing.T) {
	h, _ := newHub(t, hub.Config{Limits: hub.Limits{IdleRooms: 2, Rooms: 60}})
	c := connect(t, h, guest("ann"))
	for i := range 50 {
		room := fmt.Sprint("room", i)
		c.say(room, "1", "x")
		c.join(room, hub.JoinOptions{Replay: true})
		if m := next(c, any1[*hub.Message]); m.Room != room || m.Seq != 1 {
			t.Fatalf("%s: %+v", room, m)
		}
		if err := c.session.Leave(room); err != nil {
			t.Fatal(err)
		}
	}
	if j := c.join("room0", hub.JoinOptions{}); j.Head != 1 {
		t.Errorf("room0 came back with head %d", j.Head)
	}
}

// Two hubs over one store: what one commits the other's members see, in the same order.
func TestTwoNodes(t *testing.T) {
	store, bus := newStore(), local.New(nil)
	a := hub.New(hub.Config{Store: keepOpen{store}, Bus: bus})
	b := hub.New(hub.Config{Store: keepOpen{store}, Bus: bus})
	defer a.Close(t.Context())
	defer b.Close(t.Context())
	ann, bob := connect(t, a, guest("ann")), connect(t, b, guest("bob"))
	ann.join("r", hub.JoinOptions{})
	bob.join("r", hub.JoinOptions{})
	var wg sync.WaitGroup
	for _, c := range []*client{ann, bob} {
		wg.Go(func() {
			for i := range 100 {
				c.say("r", fmt.Sprint(i), "x")
			}
		})
	}
	wg.Wait()
	for _, c := range []*client{ann, bob} {
		for i := range 200 {
			if m := next(c, any1[*hub.Message]); m.Seq != uint64(i+1) {
				t.Fatalf("seq %d, want %d", m.Seq, i+1)
			}
		}
	}
	if err := ann.session.Signal(&hub.Signal{Room: "r", Kind: "typing"}); err != nil {
		t.Fatal(err)
	}
	next(bob, func(s *hub.Signal) bool { return s.From == "ann" })
	if err := bob.session.Receipt(hub.Receipt{Room: "r", Read: 200}); err != nil {
		t.Fatal(err)
	}
	next(ann, func(r *hub.ReceiptEvent) bool { return r.User == "bob" && r.Read == 200 })
}

type authorizer func(hub.User, hub.Action, string) error

func (f authorizer) Authorize(u hub.User, a hub.Action, room string) error { return f(u, a, room) }

type keepOpen struct{ *fakeStore }

func (keepOpen) Close(context.Context) error { return nil }

// events is a log that several goroutines write.
type events struct {
	mu   sync.Mutex
	list []string
}

func (e *events) add(s string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.list = append(e.list, s)
}

func (e *events) String() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return strings.Join(e.list, ", ")
}
