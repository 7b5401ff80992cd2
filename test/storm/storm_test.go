package storm

import (
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/vechehq/veche/load"
	"github.com/vechehq/veche/test/harness"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const (
	clients = 15_000
	rooms   = 1_000
	rate    = 20 // messages a second

	// soon is how long a client may be away, from the loss of its connection until it is in its room again.
	soon = 30 * time.Second
	// calm is how many seconds nothing shall happen before memory is looked at: several collections of
	// garbage, for a crowd that chats makes some.
	calm = 5

	mib = 1 << 20
)

// Everybody is cut off by the network, with a reset, and later by the end of the server, which is killed
// and started again.
func TestStorm(t *testing.T) {
	s := harness.Start(t)
	c := &storm{T: t, server: s, crowd: harness.Load(t, s,
		"--clients", fmt.Sprint(clients), "--rooms", fmt.Sprint(rooms), "--rate", fmt.Sprint(rate),
		"--receipts", "30s", "--duration", "10m", "--wave", "1", "--wave-every", fmt.Sprint(calm+1, "s"), "--waves", "1")}

	before := c.calmly(func(f load.Figures) bool { return f.Lost > 0 })
	t.Logf("before: %d MiB", before/mib)
	after := c.calmly(nil)
	t.Logf("after the network's storm: %d MiB, at most %d", after/mib, s.Peak()/mib)
	c.level(before, after)

	s.Kill()
	s.Restart()
	restarted := c.calmly(nil)
	t.Logf("after the kill: %d MiB, at most %d", restarted/mib, s.Peak()/mib)
	c.level(before, restarted)

	sum := c.crowd.End()
	t.Logf("complaints: %v", sum.Complaints)
	t.Logf("%d connections lost, %d came back: half within %.1f s, the last after %.1f s; %d messages, %d acknowledged and looked for",
		sum.Lost, sum.Reconnects, sum.Back.P50/1000, sum.Back.Max/1000, sum.Sends, sum.Checked)
	if back := time.Duration(sum.Back.Max) * time.Millisecond; back > soon {
		t.Errorf("the last one was back after %v, want %v", back, soon)
	}
	if sum.Reconnects < 2*clients || sum.Unanswered > 0 || sum.Unsent > 0 || sum.Checked == 0 || sum.Checked != int(sum.Acks) {
		t.Errorf("%+v", sum)
	}
}

// storm is the test with what it looks at.
type storm struct {
	*testing.T
	server *harness.Server
	crowd  *harness.Crowd
}

// calmly waits until all are there and nobody was lost for some seconds, or until a second of which enough
// is true, and returns the server's memory in the last second before that.
func (c *storm) calmly(enough func(load.Figures) bool) (resident int64) {
	c.Helper()
	for quiet := 0; ; {
		f, ok := <-c.crowd.Live
		switch {
		case !ok:
			c.crowd.Wait()
			c.Fatal("the load has ended")
		case enough != nil && enough(f):
			return resident
		case f.Connected < clients || f.Lost > 0:
			quiet = 0
		default:
			if quiet++; enough == nil && quiet == calm {
				return c.server.Resident()
			}
		}
		resident = c.server.Resident()
	}
}

// level wants memory back at its level.
func (c *storm) level(before, after int64) {
	c.Helper()
	if limit := before + before/4 + 16*mib; after > limit {
		c.Errorf("%d MiB are resident, more than %d", after/mib, limit/mib)
	}
}
