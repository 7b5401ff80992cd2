// Figures: what has happened, as numbers.

package load

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"sync/atomic"
	"time"
)

// Figures are what happened in a second, or in the whole of a run. Latencies count from the moment when
// something was to happen.
type Figures struct {
	Second    float64 `json:"second"`    // since all were connected, at the end of what is told
	Connected int     `json:"connected"` // clients in their rooms, at that moment

	Sends      uint64 `json:"sends"`      // messages that were to be sent
	Acks       uint64 `json:"acks"`       // messages that were acknowledged
	Deliveries uint64 `json:"deliveries"` // messages that reached a member live
	Replays    uint64 `json:"replays"`    // messages that reached a member when it came back
	Signals    uint64 `json:"signals"`    // typing, as it reached members
	Receipts   uint64 `json:"receipts"`   // as they reached members
	Skipped    uint64 `json:"skipped"`    // messages that were not pushed because a client read too slowly (gap)
	Unsent     uint64 `json:"unsent"`     // messages given up: refused, or too many waited for a client's return
	Errors     uint64 `json:"errors"`     // errors that the server told, and connections that could not be made
	Lost       uint64 `json:"lost"`       // connections that ended, waves included
	Reconnects uint64 `json:"reconnects"` // clients that came back into their rooms

	Ack      Latency `json:"ack"`
	Delivery Latency `json:"delivery"`
	Back     Latency `json:"back"` // from the loss of a connection until the room was joined again
	Late     Latency `json:"late"` // the generator's own: from when something was to be said until it was
}

// tally is where it is counted.
type tally struct {
	connected                                           atomic.Int64
	sends, acks, deliveries, replays, signals, receipts atomic.Uint64
	skipped, unsent, errors, lost, reconnects           atomic.Uint64
	ackTimes, deliveryTimes, backTimes, lateTimes       histogram
}

// moment is a tally at one time.
type moment struct {
	figures                   Figures
	ack, delivery, back, late *counts
}

func (t *tally) now(since time.Duration) *moment {
	return &moment{
		figures: Figures{
			Second: since.Seconds(), Connected: int(t.connected.Load()),
			Sends: t.sends.Load(), Acks: t.acks.Load(), Deliveries: t.deliveries.Load(), Replays: t.replays.Load(),
			Signals: t.signals.Load(), Receipts: t.receipts.Load(), Skipped: t.skipped.Load(), Unsent: t.unsent.Load(),
			Errors: t.errors.Load(), Lost: t.lost.Load(), Reconnects: t.reconnects.Load(),
		},
		ack: t.ackTimes.now(), delivery: t.deliveryTimes.now(), back: t.backTimes.now(), late: t.lateTimes.now(),
	}
}

// since returns what happened after an earlier moment.
func (m *moment) since(e *moment) Figures {
	f, g := m.figures, e.figures
	f.Sends -= g.Sends
	f.Acks -= g.Acks
	f.Deliveries -= g.Deliveries
	f.Replays -= g.Replays
	f.Signals -= g.Signals
	f.Receipts -= g.Receipts
	f.Skipped -= g.Skipped
	f.Unsent -= g.Unsent
	f.Errors -= g.Errors
	f.Lost -= g.Lost
	f.Reconnects -= g.Reconnects
	f.Ack = m.ack.since(e.ack).latency()
	f.Delivery = m.delivery.since(e.delivery).latency()
	f.Back = m.back.since(e.back).latency()
	f.Late = m.late.since(e.late).latency()
	return f
}

// Summary is a whole run.
type Summary struct {
	Figures
	Unanswered int            `json:"unanswered"`           // messages that had no answer when the run ended
	Checked    int            `json:"checked"`              // acknowledged messages that were looked for in the logs
	Violations int            `json:"violations"`           // promises that were broken
	Complaints map[string]int `json:"complaints,omitempty"` // failed connections and requests, by why; at most 20 kinds
	Broken     []string       `json:"broken,omitempty"`     // the first of them, in words
}

const heading = "  time    conn   sends/s    acks/s deliver/s  errors    back │ ack ms: p50     p99    p999     max │ delivery: p50     p99    p999     max\n"

// Every so many lines the heading is said again.
const headed = 20

// Table writes a line for each second, for people.
type Table struct {
	W     io.Writer
	lines int
}

// Line writes what happened in a second.
func (t *Table) Line(f Figures) {
	if t.lines%headed == 0 {
		fmt.Fprint(t.W, heading)
	}
	t.lines++
	fmt.Fprintf(t.W, "%5.0fs %7d %9d %9d %9d %7d %7d │ %11.1f %7.1f %7.1f %7.1f │ %13.1f %7.1f %7.1f %7.1f\n",
		f.Second, f.Connected, f.Sends, f.Acks, f.Deliveries, f.Errors, f.Reconnects,
		f.Ack.P50, f.Ack.P99, f.Ack.P999, f.Ack.Max, f.Delivery.P50, f.Delivery.P99, f.Delivery.P999, f.Delivery.Max)
}

// Write writes the summary, for people.
func (s *Summary) Write(w io.Writer) {
	fmt.Fprintf(w, "\nin %.0f s: %d messages, %d acknowledged, %d unanswered, %d given up; %d delivered, %d replayed, %d skipped by slow readers\n",
		s.Second, s.Sends, s.Acks, s.Unanswered, s.Unsent, s.Deliveries, s.Replays, s.Skipped)
	fmt.Fprintf(w, "heard: %d typing signals, %d receipts; %d errors; %d connections lost, %d times somebody came back\n\n",
		s.Signals, s.Receipts, s.Errors, s.Lost, s.Reconnects)
	fmt.Fprintf(w, "%-24s %10s %10s %10s %10s\n", "milliseconds", "p50", "p99", "p999", "max")
	for _, row := range []struct {
		name string
		Latency
	}{{"acknowledgement", s.Ack}, {"delivery", s.Delivery}, {"back in the room", s.Back}, {"the generator was late by", s.Late}} {
		if row.Count > 0 {
			fmt.Fprintf(w, "%-24s %10.1f %10.1f %10.1f %10.1f\n", row.name, row.P50, row.P99, row.P999, row.Max)
		}
	}
	if s.Late.P99 > tooLate {
		fmt.Fprintf(w, "\nThe generator itself could not keep its schedule: these latencies are its own in part.\n")
	}
	fmt.Fprintf(w, "\n%d acknowledged messages were looked for in the logs; %d violations\n", s.Checked, s.Violations)
	for _, why := range slices.Sorted(maps.Keys(s.Complaints)) {
		fmt.Fprintf(w, "%7d × %s\n", s.Complaints[why], why)
	}
	for _, b := range s.Broken {
		fmt.Fprintln(w, "  "+b)
	}
}

// tooLate is a generator's lateness, in milliseconds, from which its figures need a warning.
const tooLate = 10
