package main

import (
	"bytes"
	"context"
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
		as     []string // kinds, one of which must be told
	}{
		{"loss", []string{"restart", "kill"}, []string{"lost", "two orders"}},
		{"drop", []string{"cut"}, []string{"two orders"}},
		{"double", []string{"duplicate", "hostile", "cut"}, []string{"doubled", "forged"}},
		{"swap", []string{"cut"}, []string{"swapped"}},
		{"receipt", []string{"kill", "restart"}, []string{"receipt"}},
		{"ghost", []string{"slow"}, []string{"presence"}},
		{"no-fsync", []string{"power", "slow"}, []string{"lost", "two orders"}},
	} {
		t.Run(bug.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			r, err := prove.Run(ctx, prove.Options{
				Server: []string{binary, bug.name}, Seed: 1, Length: 20 * time.Second, Clients: 10, Rate: 200,
				Faults: bug.faults, FailFast: true,
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

func build(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "planted")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return binary
}
