// The scenarios, as they stand in the files.

package contract

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Object is a JSON object of the protocol.
type Object map[string]any

// Scenario is what clients do one after another, and what they must then see.
type Scenario struct {
	Name  string
	Steps []Step
}

// Step is one of them; README.md beside the files says what its fields mean.
type Step struct {
	Who     string
	Connect bool
	Cut     bool
	Leave   bool
	Stall   *bool
	Say     Object
	Fill    int
	OK      Object
	Error   string
	Seqs    []uint64
	See     Object
	Unseen  Object
	Users   []string
	Flood   int
	Size    int
	Has     []uint64
	Room    string
}

// Load reads all scenarios.
func Load(t testing.TB) []Scenario {
	t.Helper()
	files, err := filepath.Glob("../../wire/native/testdata/contract/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	var all []Scenario
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var s Scenario
		if err := json.Unmarshal(text, &s); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all = append(all, s)
	}
	return all
}

// InMemory reports whether the scenario has a room that is each node's own.
func (s *Scenario) InMemory() bool {
	for _, step := range s.Steps {
		if strings.HasPrefix(step.Room, "memory:") {
			return true
		}
	}
	return false
}
