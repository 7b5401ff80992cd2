package ws

// latch is something that happens once and can be waited for. It makes a channel only for who waits. A
// mutex of its owner guards it.
type latch struct {
	happened bool
	ch       chan struct{} // nil: nobody has waited
}

var happened = func() chan struct{} {
	ch := make(chan struct{})
	close(ch)
	return ch
}()

// wait returns what is closed when it has happened.
func (l *latch) wait() <-chan struct{} {
	if l.happened {
		return happened
	}
	if l.ch == nil {
		l.ch = make(chan struct{})
	}
	return l.ch
}

// happen may be called once.
func (l *latch) happen() {
	l.happened = true
	if l.ch != nil {
		close(l.ch)
	}
}
