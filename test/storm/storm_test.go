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

	// soon is how long a client may be away, from the loss of its connection until it is in its room again, as far as
	// the machine is the server's and the crowd's.
	soon = 30 * time.Second
	// calm is how many seconds nothing shall happen before memory is looked at: several collections of
	// garbage, for a crowd that chats makes some. A busy machine may take more, up to patience.
	calm, patience = 5, 60

	mib = 1 << 20
)

// Everybody is cut off by the network, with a reset, and later by the end of the server, which is killed
// and started again.
func TestStorm(t *testing.T) {
	s := harness.Start(t)
	c := &storm{T: t, server: s, clock: harness.NewClock(t), share: 1, crowd: harness.Load(t, s,
		"--clients", fmt.Sprint(clients), "--rooms", fmt.Sprint(rooms), "--rate", fmt.Sprint(rate),
		"--receipts", "30s", "--duration", "10m", "--wave", "1", "--wave-every", fmt.Sprint(calm+1, "s"), "--waves", "1")}

	before := c.calmly(func(f load.Figures) bool { return f.Lost > 0 })
	t.Logf("before: %d MiB", before/mib)
	c.calmly(nil)
	after := c.level(before)
	t.Logf("after the network's storm: %d MiB, at most %d", after/mib, s.Peak()/mib)

	s.Kill()
	s.Restart()
	c.calmly(nil)
	restarted := c.level(before)
	t.Logf("after the kill: %d MiB, at most %d", restarted/mib, s.Peak()/mib)

	sum := c.crowd.End()
	t.Logf("complaints: %v", sum.Complaints)
	t.Logf("%d connections lost, %d came back: half within %.1f s, the last after %.1f s; %d messages, %d acknowledged and looked for",
		sum.Lost, sum.Reconnects, sum.Back.P50/1000, sum.Back.Max/1000, sum.Sends, sum.Checked)
	back := time.Duration(sum.Back.Max) * time.Millisecond
	t.Logf("%.0f %% of the machine were theirs meanwhile", 100*c.share)
	if own := time.Duration(float64(back) * c.share); own > soon {
		t.Errorf("the last one was back after %v, of which %v were theirs; want %v", back, own, soon)
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
	clock  *harness.Clock
	share  float64 // of the machine that server and crowd could have, in the storm in which others left them least
}

// calmly waits until all are there and nobody was lost for some seconds, or until a second of which enough
// is true, and returns the server's memory in the last second before that.
func (c *storm) calmly(enough func(load.Figures) bool) (resident int64) {
	c.Helper()
	c.clock.Tick()
	var stormy, ours time.Duration
	defer func() {
		if stormy > 0 {
			c.share = min(c.share, float64(ours)/float64(stormy))
		}
	}()
	for quiet := 0; ; {
		f := c.second()
		passed, own := c.clock.Tick()
		switch {
		case enough != nil && enough(f):
			return resident
		case f.Connected < clients || f.Lost > 0:
			quiet = 0
			stormy += passed
			ours += own
		default:
			if quiet++; enough == nil && quiet == calm {
				return c.server.Resident()
			}
		}
		resident = c.server.Resident()
	}
}

// level wants memory back at its level, and returns it. Between two collections garbage comes to that, up to as much as lives.
func (c *storm) level(before int64) (after int64) {
	c.Helper()
	limit := before + before/2 + 16*mib
	for range patience {
		if after = c.server.Resident(); after <= limit {
			return after
		}
		c.second()
	}
	c.Errorf("%d MiB are resident, more than %d", after/mib, limit/mib)
	return after
}

// second waits for what happened in the crowd's next second.
func (c *storm) second() load.Figures {
	c.Helper()
	f, ok := <-c.crowd.Live
	if !ok {
		c.crowd.Wait()
		c.Fatal("the load has ended")
	}
	return f
}
