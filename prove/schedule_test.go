package prove

import (
	"reflect"
	"slices"
	"testing"
	"time"
)

func TestSameSeedSameSchedule(t *testing.T) {
	const length = 10 * time.Minute
	a, again, other := Schedule(7, length, FaultNames()), Schedule(7, length, FaultNames()), Schedule(8, length, FaultNames())
	if !reflect.DeepEqual(a, again) {
		t.Error("the same seed gives another schedule")
	}
	if reflect.DeepEqual(a, other) {
		t.Error("another seed gives the same schedule")
	}
	if len(a) < 200 {
		t.Errorf("ten minutes have %d faults, want 200 at least", len(a))
	}
}

func TestScheduleHoldsToItsTimes(t *testing.T) {
	for seed := range uint64(50) {
		length := minLength + time.Duration(seed)*5*time.Second
		struck := map[track]time.Duration{} // the end of the last
		seen := map[string]bool{}
		for _, s := range Schedule(seed, length, FaultNames()) {
			f := faultNamed(s.Fault)
			seen[s.Fault] = true
			switch {
			case s.At < warmUp(length) || s.At+s.For > length-calm(length):
				t.Errorf("seed %d: %v is not between the warm-up and the calm of %v", seed, s, length)
			case s.For < f.least || s.For > f.most:
				t.Errorf("seed %d: %v is not within its bounds", seed, s)
			case struck[f.track] > s.At:
				t.Errorf("seed %d: %v begins before the one before it ends", seed, s)
			}
			struck[f.track] = s.At + s.For + f.aftermath
		}
		for _, name := range FaultNames() {
			if length > time.Minute && !seen[name] {
				t.Errorf("seed %d: %v have no %s", seed, length, name)
			}
		}
	}
}

func TestScheduleOfSomeFaults(t *testing.T) {
	names := []string{"kill", "cut"}
	all := Schedule(1, time.Minute, names)
	if len(all) == 0 {
		t.Fatal("there are none")
	}
	for _, s := range all {
		if !slices.Contains(names, s.Fault) {
			t.Errorf("%v was not asked for", s)
		}
	}
}
