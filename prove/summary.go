// Summary: a result for the terminal.

package prove

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Summary tells a result in a few lines.
func (r *Result) Summary() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nseed %d, %v: %d faults, %d operations, %d refusals, %d messages acknowledged, %d deliveries, %d violations\n",
		r.Options.Seed, r.Took.Round(time.Second), len(r.Struck), r.Operations, r.Refusals, r.Messages, r.Deliveries, r.Broken)
	fmt.Fprintf(&b, "judged at the end: %d messages in the logs, %d operations for linearizability, %d receipts\n",
		r.Checks.Messages, r.Checks.Operations, r.Checks.Receipts)
	fmt.Fprintf(&b, "faults: %s\n", tally(r.byFault()))
	fmt.Fprintf(&b, "connections: %s\n", tally(r.Visits))
	for _, v := range r.Violations[:min(len(r.Violations), 10)] {
		fmt.Fprintf(&b, "VIOLATION %s %s\n", v, v.Room)
		for _, line := range v.Before[max(0, len(v.Before)-8):] {
			fmt.Fprintf(&b, "    %s\n", line)
		}
	}
	return b.String()
}

func (r *Result) byFault() map[string]int {
	n := map[string]int{}
	for _, k := range r.Struck {
		n[k.Fault]++
	}
	return n
}

func tally(n map[string]int) string {
	var parts []string
	for _, name := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprint(name, " ", n[name]))
	}
	return strings.Join(parts, ", ")
}
