// Backoff: how long to wait before the next try.

package client

import (
	"context"
	"math/rand/v2"
	"time"
)

const (
	minBackoff = 500 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// backoff is exponential with full jitter: each wait is anywhere between nothing and a ceiling that
// doubles, so that clients which were cut off together do not come back together.
type backoff struct {
	most  time.Duration // 0 means maxBackoff
	tries int
}

func (b *backoff) next() time.Duration {
	most := b.most
	if most == 0 {
		most = maxBackoff
	}
	ceiling := min(minBackoff<<min(b.tries, 10), most)
	b.tries++
	return rand.N(ceiling) + 1
}

func (b *backoff) reset() { b.tries = 0 }

// sleep waits; it returns ctx's error if that ends first.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
