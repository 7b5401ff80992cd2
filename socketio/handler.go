package socketio

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// Ack answers an event.
type Ack func(args ...any) error

// handler is a function for an event.
type handler struct {
	event string
	run   func(s *Socket, a Args, e *Event) error
}

// handles reports whether one of the handlers is of an event.
func handles(all []handler, event string) bool {
	return slices.ContainsFunc(all, func(h handler) bool { return h.event == event })
}

// tell calls the handlers of an event that is the server's own.
func (s *Socket) tell(all []handler, event string, a Args) {
	for _, h := range all {
		if h.event == event {
			_ = h.run(s, a, nil) // one that does not fit has no one to tell
		}
	}
}

// On adds a handler: a function whose parameters are decoded from the event's arguments (see the package's documentation).
// Missing arguments are zero, more than there are parameters are left out. If the last parameter is an [Ack], it
// answers; what the function returns answers too, but for a last error, which the client gets as {"error": …}. A
// variadic function takes all that is left.
//
// "disconnecting" and "disconnect" are called with the reason at the socket's end, "error" with what was refused by Use
// or did not fit a handler. On panics if f is no function.
func (s *Socket) On(event string, f any) { s.add(event, reflected(f)) }

// Once is On for the first event only.
func (s *Socket) Once(event string, f any) {
	run, done := reflected(f), false
	s.add(event, func(s *Socket, a Args, e *Event) error {
		if done { // handlers are called one at a time
			return nil
		}
		done = true
		return run(s, a, e)
	})
}

// Off takes away all handlers of an event.
func (s *Socket) Off(event string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers = slices.DeleteFunc(slices.Clone(s.handlers), func(h handler) bool { return h.event == event })
}

// Use adds a function that is asked about each event before its handlers. An error refuses the event, which the handlers of
// "error" are told.
func (s *Socket) Use(f func(*Event) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.more()
	m.use = append(slices.Clip(m.use), f)
}

// OnEvent adds a handler that takes the event as it came.
func (s *Socket) OnEvent(event string, f func(*Event)) {
	s.add(event, func(_ *Socket, _ Args, e *Event) error {
		f(e)
		return nil
	})
}

// On adds a handler of one argument.
func On[T any](s *Socket, event string, f func(T)) {
	s.add(event, func(_ *Socket, a Args, _ *Event) error {
		var v T
		if err := a.Bind(&v); err != nil {
			return err
		}
		f(v)
		return nil
	})
}

// Reply adds a handler of one argument whose result answers the client. An error answers {"error": {"message": …}}, with the
// data of an *Error.
func Reply[In, Out any](s *Socket, event string, f func(In) (Out, error)) {
	s.add(event, func(_ *Socket, a Args, e *Event) error {
		var in In
		err := a.Bind(&in)
		if err == nil {
			var out Out
			if out, err = f(in); err == nil {
				return e.Ack(out)
			}
		}
		return e.refuse(err)
	})
}

// refuse answers with an error.
func (e *Event) refuse(err error) error {
	shown, ok := errors.AsType[*Error](err)
	if !ok {
		shown = &Error{Message: err.Error()}
	}
	return e.Ack(struct {
		Error *Error `json:"error"`
	}{shown})
}

func (s *Socket) add(event string, run func(*Socket, Args, *Event) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.handlers = append(slices.Clip(s.handlers), handler{event, run})
}

var (
	ackType   = reflect.TypeFor[Ack]()
	errorType = reflect.TypeFor[error]()
)

// reflected makes a handler of any function.
func reflected(f any) func(*Socket, Args, *Event) error {
	v := reflect.ValueOf(f)
	if v.Kind() != reflect.Func {
		panic(fmt.Sprintf("socketio: %T is no function", f))
	}
	t := v.Type()
	return func(_ *Socket, a Args, e *Event) error {
		in, err := arguments(t, a, e)
		if err != nil {
			return err
		}
		return answer(e, v.Call(in))
	}
}

// arguments makes what a function is called with.
func arguments(t reflect.Type, a Args, e *Event) ([]reflect.Value, error) {
	n := t.NumIn()
	wantsAck := n > 0 && t.In(n-1) == ackType
	fixed := n
	if wantsAck || t.IsVariadic() {
		fixed--
	}
	in := make([]reflect.Value, 0, n)
	bind := func(i int, t reflect.Type) error {
		p := reflect.New(t)
		in = append(in, p.Elem())
		if i >= a.Len() {
			return nil
		}
		if err := a.bind(i, p.Interface()); err != nil {
			return fmt.Errorf("socketio: argument %d: %w", i+1, err)
		}
		return nil
	}
	for i := range fixed {
		if err := bind(i, t.In(i)); err != nil {
			return nil, err
		}
	}
	if wantsAck {
		in = append(in, reflect.ValueOf(Ack(func(args ...any) error {
			if e == nil {
				return nil
			}
			return e.Ack(args...)
		})))
	} else if t.IsVariadic() {
		for i := fixed; i < a.Len(); i++ {
			if err := bind(i, t.In(n-1).Elem()); err != nil {
				return nil, err
			}
		}
	}
	return in, nil
}

// answer acknowledges with what a function has returned.
func answer(e *Event, out []reflect.Value) error {
	if len(out) == 0 || e == nil {
		return nil
	}
	if last := len(out) - 1; out[last].Type() == errorType {
		if err, _ := out[last].Interface().(error); err != nil {
			return e.refuse(err)
		}
		out = out[:last]
	}
	args := make([]any, len(out))
	for i := range out {
		args[i] = out[i].Interface()
	}
	return e.Ack(args...)
}
