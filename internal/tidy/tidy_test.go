package tidy

import (
	"runtime"
	"testing"
	"testing/synctest"
	"time"
)

func count(n int) {
	for range n {
		Count()
	}
}

// TestTidy: memory is given back once, when a burst is over, and not during it; a little work does not count, and
// two bursts that are close together are one.
func TestTidy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counted.Store(0)
		last.Store(0)
		before := forcedCollections()
		check := func(want uint32, when string) {
			t.Helper()
			synctest.Wait()
			if n := forcedCollections() - before; n != want {
				t.Errorf("%d collections, want %d: %s", n, want, when)
			}
		}
		count(burst - 1)
		time.Sleep(time.Hour)
		check(0, "without a burst")
		for range 10 {
			count(few)
			time.Sleep(quiet * 9 / 10)
		}
		check(0, "in the burst")
		for range 4 {
			count(few / 2)
			time.Sleep(quiet)
		}
		check(1, "hardly any work")
		count(burst)
		time.Sleep(2 * quiet)
		check(1, "so soon again")
		time.Sleep(pause)
		check(2, "after the pause")
		if counted.Load() != 0 {
			t.Errorf("%d are left", counted.Load())
		}
	})
}

func forcedCollections() uint32 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.NumForcedGC
}
