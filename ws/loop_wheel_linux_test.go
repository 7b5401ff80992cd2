package ws

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestWheel: whatever is set, moved and removed, each seat is due exactly when its tick has come.
func TestWheel(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var w wheel
	seats := make([]seat, 200)
	want := map[*seat]tick{}
	now := tick(0)
	for range 5000 {
		for range r.IntN(20) {
			s := &seats[r.IntN(len(seats))]
			if r.IntN(4) == 0 {
				w.remove(s)
				delete(want, s)
				continue
			}
			at := now + 1 + tick(r.IntN(1500))
			w.set(s, at)
			want[s] = at
		}
		now += tick(r.IntN(30))
		if r.IntN(200) == 0 {
			now += 3000
		}
		for _, s := range w.due(now, nil) {
			if at, ok := want[s]; !ok || at > now {
				t.Fatalf("at %d: due, but set to %d (%v)", now, at, ok)
			}
			delete(want, s)
		}
		for _, at := range want {
			if at <= now {
				t.Fatalf("at %d: missed %d", now, at)
			}
		}
		if w.n != len(want) {
			t.Fatalf("%d hang, want %d", w.n, len(want))
		}
	}
}

func TestTicks(t *testing.T) {
	for d, want := range map[time.Duration]tick{0: 0, 1: 1, tickLength: 1, tickLength + 1: 2, 1 << 62: 365 * 24 * 3600 * 20} {
		if got := ticks(d); got != want {
			t.Errorf("ticks(%v) = %d, want %d", d, got, want)
		}
	}
}
