package deadline_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/internal/deadline"
)

type owner struct {
	name  string
	entry deadline.Entry[*owner]
}

func TestEachIsCalledWhenItsTimeIsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		type call struct {
			Name  string
			After time.Duration
		}
		var calls []call
		var timers *deadline.Timers[*owner]
		timers = deadline.New(func(o *owner) {
			calls = append(calls, call{o.name, time.Since(began)})
			if o.name == "again" {
				o.name = "once"
				timers.Follow(&o.entry, o, 1)
			}
		}, 10*time.Second, 3*time.Second)

		long, short, stopped, moved, again := &owner{name: "long"}, &owner{name: "short"}, &owner{name: "stopped"}, &owner{name: "moved"}, &owner{name: "again"}
		timers.Set(&long.entry, long, 0)
		timers.Set(&stopped.entry, stopped, 1)
		timers.Set(&moved.entry, moved, 1)
		time.Sleep(time.Second)
		timers.Set(&short.entry, short, 1)
		timers.Set(&again.entry, again, 0)
		timers.Set(&moved.entry, moved, 0)
		if !timers.Stop(&stopped.entry) || timers.Stop(&stopped.entry) {
			t.Error("Stop")
		}
		if timers.Over(&long.entry) || timers.Len() != 4 {
			t.Error("too early, or too many")
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		want := []call{{"short", 4 * time.Second}, {"long", 10 * time.Second}, {"again", 11 * time.Second}, {"moved", 11 * time.Second}, {"once", 14 * time.Second}}
		if d := cmp.Diff(want, calls); d != "" {
			t.Error(d)
		}
		if !timers.Over(&long.entry) || timers.Len() != 0 {
			t.Error("something is left")
		}
	})
}

func TestPopTakesTheOldest(t *testing.T) {
	timers := deadline.New(func(*owner) {}, time.Hour)
	one, two := &owner{name: "one"}, &owner{name: "two"}
	timers.Set(&one.entry, one, 0)
	timers.Set(&two.entry, two, 0)
	for _, want := range []*owner{one, two} {
		if got, ok := timers.Pop(0); !ok || got != want {
			t.Errorf("got %v", got)
		}
	}
	if _, ok := timers.Pop(0); ok {
		t.Error("there is a third")
	}
}
