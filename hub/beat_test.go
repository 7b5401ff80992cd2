package hub

import (
	"testing"
	"time"
)

// Telling a room who came and went costs at most 2,500 sends a second up to 5,000 members, and nobody
// waits for it longer than 2 seconds. Else it takes most of the time that a storm of clients has for coming
// back.
func TestBeatOfACrowd(t *testing.T) {
	for _, members := range []int{1, 100, 2000, 5000, 15_000, 1_000_000} {
		b := beat(members)
		if b < 50*time.Millisecond || b > 2*time.Second {
			t.Errorf("%d members: every %v", members, b)
		}
		if sends := float64(members) / b.Seconds(); members <= 5000 && sends > 2500 {
			t.Errorf("%d members: %.0f sends a second", members, sends)
		}
	}
}
