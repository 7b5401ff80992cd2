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
