package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/prove"
)

// patience is how soon each must be found on a machine that others use too. Where the tests have it for themselves the
// first seed finds each in a minute.
const patience = 8 * time.Minute

// Every planted bug is found, and is told as what it is. A seed that finds nothing is followed by the next one: when a
// fault meets what is under way is not the seed's alone.
func TestPlantedBugsAreFound(t *testing.T) {
	t.Parallel()
	binary := build(t)
	for _, bug := range []struct {
		name   string
		faults []string
		doors  []string // nil: all
		as     []string // kinds, one of which must be told
	}{
		{"loss", []string{"restart", "kill"}, nil, []string{"lost", "two orders"}},
		{"drop", []string{"cut"}, nil, []string{"two orders"}},
		{"double", []string{"duplicate", "hostile", "cut"}, nil, []string{"doubled", "forged"}},
		{"swap", []string{"cut"}, nil, []string{"swapped"}},
		{"receipt", []string{"kill", "restart"}, nil, []string{"receipt"}},
		// By these doors nobody may linger, so that a ghost is one soon.
		{"ghost", []string{"slow"}, []string{"websocket", "sse", "socketio"}, []string{"presence"}},
		{"no-fsync", []string{"power", "slow"}, nil, []string{"lost", "two orders"}},
	} {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			began := time.Now()
			for seed := uint64(1); ; seed++ {
				r, err := prove.Run(ctx, prove.Options{
					Server: []string{binary, bug.name}, Seed: seed, Length: 20 * time.Second, Clients: 10, Rate: 200,
					Faults: bug.faults, Doors: bug.doors, FailFast: true,
				})
				if err != nil {
					t.Fatalf("it was never told as one of %v: %v", bug.as, err)
				}
				t.Logf("seed %d, after %v\n%s", seed, time.Since(began), r.Summary())
				if told(r, bug.as) {
					return
				}
			}
		})
	}
}

// told reports whether a violation of one of these kinds was found.
func told(r *prove.Result, kinds []string) bool {
	return slices.ContainsFunc(r.Violations, func(v *prove.Violation) bool { return slices.Contains(kinds, string(v.Kind)) })
}

// Without a bug the same program keeps its promises: what is found above is found because of the bug. And it was struck by
// all that the seed's schedule has, and nothing else.
func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	t.Parallel()
	o := prove.Options{Server: []string{build(t), "none"}, Seed: 1, Length: 20 * time.Second, Clients: 10, Rate: 200}
	r, err := prove.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		t.Error(r.Summary())
	}
	plan, err := o.Plan()
	if err != nil {
		t.Fatal(err)
	}
	var struck []prove.Strike
	for _, k := range r.Struck {
		struck = append(struck, k.Strike)
	}
	for _, list := range [][]prove.Strike{struck, plan} {
		slices.SortFunc(list, func(a, b prove.Strike) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Fault, b.Fault)) })
	}
	if !slices.Equal(struck, plan) {
		t.Errorf("struck by %v, and the schedule is %v", struck, plan)
	}
	var page bytes.Buffer
	if err := r.Report(&page); err != nil || !strings.Contains(page.String(), "все обещания выполнены") {
		t.Errorf("the report: %v", err)
	}
}

// A disk that is really full: the data are on a small tmpfs, which the fault fills up.
func TestAFileSystemThatIsFull(t *testing.T) {
	t.Parallel()
	r, err := prove.Run(t.Context(), prove.Options{
		Server: []string{build(t), "none"}, Seed: 1, Length: 25 * time.Second, Clients: 10, Rate: 200,
		Faults: []string{"full-disk", "kill"}, Doors: []string{"websocket", "sse"}, Tmpfs: 64 << 20,
	})
	if errors.Is(err, prove.ErrNoMount) {
		t.Log(err) // and faultdisk's room is what there is, as in all other runs
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() || r.Refusals == 0 {
		t.Error(r.Summary())
	}
	t.Logf("%d messages were refused and came later", r.Refusals)
}

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "planted")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
