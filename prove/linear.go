// Linearizability of sending and reading: there is one order of all calls, in which each lies between its beginning and
// its end, that explains every answer.

package prove

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/anishathalye/porcupine"
)

const (
	linearWindow   = 1000 // operations that porcupine is given at a time
	linearPatience = time.Minute
)

// input and output of a room as a register: a send makes the head one more, and is told it; history tells the head.
type input struct{ send bool }

// model is a room whose log ends with head.
func model(head uint64) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return head },
		Step: func(state, in, out any) (bool, any) {
			head, told := state.(uint64), out.(uint64)
			if in.(input).send {
				return told == head+1, told
			}
			return told == head, head
		},
	}
}

// operations are the calls whose answers are known, in the order of what they tell. A send whose acknowledgement was
// lost has ended when somebody first saw the message.
func (r *room) operations() (ops []porcupine.Operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for client, sends := range r.sends {
		for _, s := range sends {
			if s.seq > 0 {
				ops = append(ops, porcupine.Operation{ClientId: client, Input: input{true}, Output: s.seq, Call: s.call, Return: s.ret})
			}
		}
	}
	for _, rd := range r.reads {
		ops = append(ops, porcupine.Operation{ClientId: rd.client, Input: input{}, Output: rd.head, Call: rd.call, Return: rd.ret})
	}
	slices.SortStableFunc(ops, func(a, b porcupine.Operation) int {
		if d := int64(a.Output.(uint64)) - int64(b.Output.(uint64)); d != 0 {
			return int(d)
		}
		if a.Input == b.Input {
			return 0
		}
		if a.Input.(input).send { // and then it is read
			return -1
		}
		return 1
	})
	return ops
}

// checkLinear judges a room. What an operation tells is its place in the order, so the history is cut into windows by
// that: porcupine judges each, and between windows it is enough that none of a later one had ended before one of an
// earlier one began.
func (w *world) checkLinear(r *room) (checked int) {
	ops := r.operations()
	ended := int64(math.MaxInt64) // the first end of a later window
	for end := len(ops); end > 0; {
		begin := start(ops, max(0, end-linearWindow))
		part := ops[begin:end]
		if porcupine.CheckOperationsTimeout(model(headBefore(part[0])), part, linearPatience) != porcupine.Ok {
			w.violate(notLinear, r, "no order of the calls explains %s", tellWindow(part))
		}
		for _, o := range part {
			if o.Call > ended {
				w.violate(notLinear, r, "client %d was told seq %d by a call that began when a later seq had been told", o.ClientId, o.Output)
			}
		}
		for _, o := range part {
			ended = min(ended, o.Return)
		}
		end = begin
	}
	return len(ops)
}

// start moves a window's beginning back to the send with which the state changes.
func start(ops []porcupine.Operation, i int) int {
	for i > 0 && !ops[i].Input.(input).send {
		i--
	}
	return i
}

// headBefore is the log's head before an operation.
func headBefore(o porcupine.Operation) uint64 {
	if head := o.Output.(uint64); o.Input.(input).send {
		return head - 1
	} else {
		return head
	}
}

func tellWindow(ops []porcupine.Operation) string {
	text := ""
	for i, o := range ops {
		if i == 20 {
			return text + "…"
		}
		what := "history → head "
		if o.Input.(input).send {
			what = "send → "
		}
		text += what + fmt.Sprint(o.Output) + " (client " + strconv.Itoa(o.ClientId) + ", " +
			time.Duration(o.Call).String() + "–" + time.Duration(o.Return).String() + "); "
	}
	return text
}
