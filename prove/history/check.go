// The promises, each as a check.

package history

import "fmt"

// Kind names the promise that was broken.
type Kind string

const (
	Lost     Kind = "lost"     // acknowledged, or in the log, and not there
	Doubled  Kind = "doubled"  // there more than once
	Forged   Kind = "forged"   // there under another seq than was told
	Altered  Kind = "altered"  // there with another sender, cid or body
	Stranger Kind = "stranger" // there, and nobody sent it
	Hole     Kind = "hole"     // a seq that is not the one before it plus one
	Swapped  Kind = "swapped"  // a sender's messages in another order than it sent them
)

// Breach is one broken promise.
type Breach struct {
	Kind Kind
	What string
}

func (b Breach) String() string { return string(b.Kind) + ": " + b.What }

// Check returns every broken promise, or nothing.
func (h *History) Check() []Breach {
	c := &checker{seqOf: make(map[string]uint64, len(h.Log))}
	c.log(h.Log)
	c.sends(h.Sends)
	for _, r := range h.Reads {
		c.read(r, h.Log)
	}
	return c.breaches
}

type checker struct {
	breaches []Breach
	seqOf    map[string]uint64 // body → where the log has it first
}

func (c *checker) found(k Kind, format string, args ...any) {
	c.breaches = append(c.breaches, Breach{k, fmt.Sprintf(format, args...)})
}

// log: seq 1, 2, 3 … without holes, and no message twice.
func (c *checker) log(log []Entry) {
	for i, e := range log {
		if want := uint64(i) + 1; e.Seq != want {
			c.found(Hole, "the log has seq %d where %d belongs (%s)", e.Seq, want, e.Body)
		}
		if first, twice := c.seqOf[e.Body]; twice {
			c.found(Doubled, "%s is in the log as %d and as %d", e.Body, first, e.Seq)
			continue
		}
		c.seqOf[e.Body] = e.Seq
	}
}

// sends: what was acknowledged is there, as it was told; each sender's are in its order; and there
// is nothing else. (That what was not acknowledged is there at most once, the log showed.)
func (c *checker) sends(sends []Send) {
	last := map[string]Send{} // by sender, with the seq in the log
	sent := make(map[string]bool, len(sends))
	for _, s := range sends {
		sent[s.Body] = true
		seq, there := c.seqOf[s.Body]
		switch {
		case !there && s.Seq != 0:
			c.found(Lost, "%s of %s was acknowledged as %d", s.Body, s.Sender, s.Seq)
		case there && s.Seq != 0 && s.Seq != seq:
			c.found(Forged, "%s of %s was acknowledged as %d and is %d", s.Body, s.Sender, s.Seq, seq)
		}
		if !there || s.Late {
			continue
		}
		if before := last[s.Sender]; before.Seq > seq {
			c.found(Swapped, "%s sent %s before %s, and they are %d and %d", s.Sender, before.Body, s.Body, before.Seq, seq)
		}
		s.Seq = seq
		last[s.Sender] = s
	}
	for body, seq := range c.seqOf {
		if !sent[body] {
			c.found(Stranger, "%s (seq %d) was sent by nobody", body, seq)
		}
	}
}

// read: a reader has the log's messages from its start to the end, in their order, each once.
func (c *checker) read(r Read, log []Entry) {
	next := r.After + 1
	for _, e := range r.Entries {
		switch {
		case e.Seq < next:
			c.found(Doubled, "%s got seq %d (%s) again, or late", r.Reader, e.Seq, e.Body)
			continue
		case e.Seq > next:
			c.found(Hole, "%s got seq %d after %d", r.Reader, e.Seq, next-1)
		}
		next = e.Seq + 1
		if e.Seq > uint64(len(log)) {
			c.found(Stranger, "%s got seq %d (%s), which the log does not have", r.Reader, e.Seq, e.Body)
		} else if has := log[e.Seq-1]; !same(e, has) {
			c.found(Altered, "%s got %v where the log has %v", r.Reader, e, has)
		}
	}
	if end := uint64(len(log)); next <= end {
		c.found(Lost, "%s got nothing after seq %d; the log ends with %d", r.Reader, next-1, end)
	}
}

// same compares what both sides know.
func same(a, b Entry) bool {
	known := func(x, y string) bool { return x == y || x == "" || y == "" }
	return a.Seq == b.Seq && a.Body == b.Body && known(a.Sender, b.Sender) && known(a.CID, b.CID)
}
