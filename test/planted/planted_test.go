package main

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/prove"
)

// patience is how soon each must be found.
const patience = 2 * time.Minute

// Every planted bug is found, and is told as what it is.
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
			r, err := prove.Run(ctx, prove.Options{
				Server: []string{binary, bug.name}, Seed: 1, Length: 20 * time.Second, Clients: 10, Rate: 200,
				Faults: bug.faults, Doors: bug.doors, FailFast: true,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Logf("after %v\n%s", r.Took, r.Summary())
			for _, v := range r.Violations {
				for _, kind := range bug.as {
					if string(v.Kind) == kind {
						return
					}
				}
			}
			t.Errorf("it was not told as one of %v", bug.as)
		})
	}
}

// Without a bug the same program keeps its promises: what is found above is found because of the bug.
func TestNothingIsFoundWhereNothingIs(t *testing.T) {
	t.Parallel()
	r, err := prove.Run(t.Context(), prove.Options{
		Server: []string{build(t), "none"}, Seed: 1, Length: 20 * time.Second, Clients: 10, Rate: 200,
	})
	if err != nil {
		t.Fatal(err)
	}
	if !r.OK() {
		t.Error(r.Summary())
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
