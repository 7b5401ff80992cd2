// Plans: what happens to which exchange.

package hostile

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// Kind is what an exchange looks like from outside.
type Kind string

const (
	Upgrade Kind = "upgrade" // a GET that asks for another protocol: a WebSocket
	Stream  Kind = "stream"  // a request that accepts text/event-stream
	Request Kind = "request" // any other
)

// Exchange is a request and its answer, as a Plan sees it.
type Exchange struct {
	Kind   Kind
	N      int // 0, 1, 2 … among those of its kind, in the order of arrival
	Method string
	Path   string
}

// Act is what a fault does.
type Act string

const (
	Pass    Act = "pass"    // nothing
	Drop    Act = "drop"    // the connection is reset before the server hears of the request
	Lose    Act = "lose"    // the server answers, and the connection is reset instead
	Refuse  Act = "refuse"  // Status is answered, and the server hears of nothing
	Replace Act = "replace" // the server answers, and Status is answered instead, after Hold at the latest
	Cut     Act = "cut"     // the connection is reset after After bytes of the answer
	CutUp   Act = "cut-up"  // the connection is reset after After bytes of what the client says once it is upgraded
	Swallow Act = "swallow" // after After bytes of the answer nothing passes either way; after Hold the connection is reset
	Buffer  Act = "buffer"  // the answer comes in pieces of After bytes, and at its end; after Hold the connection is reset
)

// Fault is what happens to one exchange. The zero value is Pass.
type Fault struct {
	Act    Act
	Status int           // of Refuse and Replace
	After  int           // bytes, head and upgraded frames counted
	Hold   time.Duration // of Swallow, Buffer and Replace; 0: for ever
	Delay  time.Duration // before the request goes on, and before each piece of an upgraded or streamed answer
}

func (f Fault) String() string {
	s := string(f.Act)
	if f.Status != 0 {
		s += fmt.Sprint(" ", f.Status)
	}
	if f.After != 0 {
		s += fmt.Sprintf(" after %d B", f.After)
	}
	if f.Hold != 0 {
		s += fmt.Sprint(" hold ", f.Hold)
	}
	if f.Delay != 0 {
		s += fmt.Sprint(" delay ", f.Delay)
	}
	return s
}

// Plan decides. It is called once for each exchange, one call at a time.
type Plan func(Exchange) Fault

// choice is a fault's share of the exchanges of a kind.
type choice struct {
	share int // of 100
	act   Act
}

// odds are Random's. Every upgraded connection and every stream ends sooner or later: a test wants to see
// many of them. The shares of a kind add up to 100.
var odds = map[Kind][]choice{
	Upgrade: {{10, Drop}, {16, Refuse}, {44, Cut}, {18, CutUp}, {12, Swallow}},
	Stream:  {{10, Drop}, {14, Refuse}, {46, Cut}, {14, Swallow}, {16, Buffer}},
	Request: {{68, Pass}, {8, Drop}, {7, Lose}, {7, Refuse}, {5, Replace}, {4, Cut}, {1, Swallow}},
}

// statuses are what Random refuses with. 200 is a proxy that takes no notice of an upgrade.
var statuses = map[Kind][]int{
	Upgrade: {200, 403, 426, 502, 504},
	Stream:  {502, 504},
	Request: {502, 504},
}

// Bounds of what Random draws.
const (
	minAfter, maxAfter = 200, 12 << 10
	minHold, maxHold   = 300 * time.Millisecond, 2 * time.Second
	maxDelay           = 20 * time.Millisecond
	delayed            = 4 // one exchange in so many has a delay
)

// Random draws a plan from a seed: the fault of an exchange depends on the seed, the exchange's kind and
// its number. After is between 200 B and 12 KiB, Hold between 0.3 and 2 s, Delay at most 20 ms.
func Random(seed uint64) Plan {
	return func(x Exchange) Fault {
		r := rand.New(rand.NewPCG(seed, uint64(x.N)<<8|uint64(x.Kind[0])))
		f := Fault{Act: draw(r, odds[x.Kind])}
		switch f.Act {
		case Refuse, Replace:
			f.Status = statuses[x.Kind][r.IntN(len(statuses[x.Kind]))]
		case Cut, CutUp, Swallow, Buffer:
			f.After = between(r, minAfter, maxAfter)
		}
		switch f.Act {
		case Swallow, Buffer, Replace:
			f.Hold = between(r, minHold, maxHold)
		}
		if r.IntN(delayed) == 0 {
			f.Delay = between(r, time.Millisecond, maxDelay)
		}
		return f
	}
}

func draw(r *rand.Rand, choices []choice) Act {
	n := r.IntN(100)
	for _, c := range choices {
		if n -= c.share; n < 0 {
			return c.act
		}
	}
	return Pass
}

func between[T int | time.Duration](r *rand.Rand, low, high T) T {
	return low + T(r.Int64N(int64(high-low)))
}

// Always is the plan that treats every exchange of a kind alike, and passes the others.
func Always(kind Kind, f Fault) Plan {
	return func(x Exchange) Fault {
		if x.Kind == kind {
			return f
		}
		return Fault{}
	}
}
