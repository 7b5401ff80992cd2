package ws

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

// TestTidy: memory is given back once, when a burst of connections is over, and not while they come.
func TestTidy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		arrivals.Store(0)
		before := forcedCollections()
		for range tidyBurst - 1 {
			arrived()
		}
		time.Sleep(time.Hour)
		if forcedCollections() != before {
			t.Error("without a burst")
		}
		for range 10 {
			arrived()
			time.Sleep(tidyQuiet * 9 / 10)
		}
		if forcedCollections() != before {
			t.Error("in the burst")
		}
		time.Sleep(2 * tidyQuiet)
		synctest.Wait()
		if n := forcedCollections() - before; n != 1 || arrivals.Load() != 0 {
			t.Errorf("%d times, %d arrivals are left", n, arrivals.Load())
		}
	})
}

func forcedCollections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumForcedGC
}
