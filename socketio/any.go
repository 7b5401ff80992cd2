package socketio

import (
	"slices"

	wire "github.com/vechehq/veche/wire/socketio"
)

// OnAny adds a function that is called for each event of the client before its handlers, if Use has not refused it.
func (s *Socket) OnAny(f func(event string, a Args)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.more()
	m.any = append(slices.Clip(m.any), f)
}

// PrependAny is OnAny before those that are there.
func (s *Socket) PrependAny(f func(event string, a Args)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.more()
	m.any = append([]func(string, Args){f}, m.any...)
}

// OffAny takes away all that OnAny and PrependAny have added.
func (s *Socket) OffAny() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seldom != nil {
		s.seldom.any = nil
	}
}

// OnAnyOutgoing adds a function that is called for each event that is emitted to the socket, by Emit or by a broadcast. It is called
// by who emits, who waits for it, and so by several at a time.
func (s *Socket) OnAnyOutgoing(f func(event string, a Args)) {
	s.overhear(func(all []func(string, Args)) []func(string, Args) { return append(slices.Clip(all), f) })
}

// PrependAnyOutgoing is OnAnyOutgoing before those that are there.
func (s *Socket) PrependAnyOutgoing(f func(event string, a Args)) {
	s.overhear(func(all []func(string, Args)) []func(string, Args) { return append([]func(string, Args){f}, all...) })
}

// OffAnyOutgoing takes away all that OnAnyOutgoing and PrependAnyOutgoing have added.
func (s *Socket) OffAnyOutgoing() {
	s.overhear(func([]func(string, Args)) []func(string, Args) { return nil })
}

func (s *Socket) overhear(change func([]func(string, Args)) []func(string, Args)) {
	n := s.namespace
	n.mu.Lock()
	defer n.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.more()
	m.outgoing = change(m.outgoing)
	s.overheard = len(m.outgoing) > 0
}

// show tells OnAnyOutgoing's functions of sockets of an event that was pushed to them.
func show(overheard []*Socket, p *wire.Packet, offset bool) {
	for _, s := range overheard {
		s.show(p, offset)
	}
}

// show tells OnAnyOutgoing's functions of an event that is emitted to the socket, without its offset if it has one.
func (s *Socket) show(p *wire.Packet, offset bool) {
	s.mu.Lock()
	all := s.few().outgoing
	s.mu.Unlock()
	if len(all) == 0 {
		return
	}
	elements := wire.Elements(p.Data)
	name, _ := wire.EventName(elements[0]) // we made it
	if offset {
		elements = elements[:len(elements)-1]
	}
	for _, f := range all {
		f(name, Args{elements[1:], p.Attachments})
	}
}
