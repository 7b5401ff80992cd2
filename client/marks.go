// Marks: one's own watermarks in a room, how they grow, and when the server is told.

package client

import (
	"time"

	"github.com/vechehq/veche/wire/native"
)

// markInterval is between two receipts that the server is told.
const markInterval = time.Second

// watermarks are 0 ≤ read ≤ received.
type watermarks struct{ received, read uint64 }

func (a watermarks) raised(b watermarks) watermarks {
	return watermarks{max(a.received, b.received, b.read), max(a.read, b.read)}
}

// marks are guarded by the client's mu.
type marks struct {
	room   *Room
	own    watermarks
	told   watermarks // what the server knows, as far as we know; told ≤ own
	paused bool       // told a moment ago
}

// raise raises what is lower, and tells the server.
func (m *marks) raise(w watermarks) {
	m.own = m.own.raised(w)
	m.tell()
}

// joined is told what the server has.
func (m *marks) joined(w watermarks) {
	m.told = w
	m.paused = false
	m.raise(w)
}

// heard is told that the server has this, from another session of ours.
func (m *marks) heard(w watermarks) {
	m.told = m.told.raised(w)
	m.raise(w)
}

// reset is for another log.
func (m *marks) reset() { m.own, m.told = watermarks{}, watermarks{} }

func (m *marks) tell() {
	s := m.room.client.session
	if !m.room.live || s == nil || m.paused || m.own == m.told {
		return
	}
	m.told = m.own
	m.paused = true
	s.say(&native.Receipt{Room: m.room.name, Received: m.own.received, Read: m.own.read})
	s.later(markInterval, func() {
		m.paused = false
		m.tell()
	})
}
