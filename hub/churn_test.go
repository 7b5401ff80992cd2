package hub_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/vechehq/veche/hub"
)

// While one crowd leaves another comes: nobody of it is forgotten.
func TestNobodyIsForgottenInTheCrowd(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	const crowd = 300
	speaker := connect(t, h, guest("speaker"))
	old := make([]*client, crowd)
	for i := range old {
		old[i] = connect(t, h, guest(fmt.Sprint("old", i)))
		old[i].join("r", hub.JoinOptions{Lag: hub.LagCatchUp})
	}
	speaker.say("r", "first", "x") // so that receipts are looked up
	come := make([]*client, crowd)
	var wg sync.WaitGroup
	wg.Go(func() {
		for _, c := range old {
			c.session.Close(nil)
		}
	})
	for i := range come {
		wg.Go(func() {
			come[i] = connect(t, h, guest(fmt.Sprint("new", i)))
			come[i].join("r", hub.JoinOptions{Lag: hub.LagCatchUp})
		})
	}
	wg.Wait()
	for n := range 3 {
		sent := speaker.say("r", fmt.Sprint(n), "x")
		for _, c := range come {
			next(c, func(m *hub.Message) bool { return m.Seq == sent.Seq })
		}
	}
}

// Of a crowd a newcomer is told some, and how many there are.
func TestTheListOfACrowdIsBounded(t *testing.T) {
	h, _ := newHub(t, hub.Config{Limits: hub.Limits{PresenceList: 2}})
	for i := range 5 {
		connect(t, h, guest(fmt.Sprint("u", i))).join("r", hub.JoinOptions{})
	}
	c := connect(t, h, guest("late"))
	c.join("r", hub.JoinOptions{})
	if p := next(c, any1[*hub.Presence]); !p.Whole || len(p.Joined) > 2 {
		t.Errorf("the newcomer is told %+v", p)
	}
	if us, _, err := c.session.Present("r"); err != nil || len(us) > 2 {
		t.Errorf("%d users in the list: %v", len(us), err)
	}
	connect(t, h, guest("last")).join("r", hub.JoinOptions{})
	next(c, func(p *hub.Presence) bool { return len(p.Joined) <= 2 && p.Count == 7 })
}

// Who wants messages only gets nothing else, and is present all the same.
func TestMessagesOnly(t *testing.T) {
	h, _ := newHub(t, hub.Config{})
	plain, ann := connect(t, h, guest("plain")), connect(t, h, guest("ann"))
	plain.join("r", hub.JoinOptions{MessagesOnly: true})
	ann.join("r", hub.JoinOptions{})
	next(ann, func(p *hub.Presence) bool { return p.Whole && p.Count == 2 })
	if err := ann.session.Signal(&hub.Signal{Room: "r", Kind: "typing"}); err != nil {
		t.Fatal(err)
	}
	ann.say("r", "1", "hi")
	if ev := next(plain, any1[hub.Event]); ev.(*hub.Message).Seq != 1 {
		t.Errorf("the plain one is told %+v", ev)
	}
}
