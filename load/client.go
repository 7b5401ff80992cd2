// Client: one person's, with what it says.

package load

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/wire/native"
)

const (
	// maxDue is how many messages of a client may be unanswered. Further ones are given up.
	maxDue = 64
	// repeatAfter is how long a client waits with a message that was refused for the moment.
	repeatAfter = time.Second

	minBackoff = 500 * time.Millisecond
	maxBackoff = 30 * time.Second
)

// client is one member of one room. It has no goroutine: the pace has it speak, its line has it hear.
type client struct {
	number int
	crowd  *crowd
	room   *room

	mu     sync.Mutex    // before room.mu
	on     *ear          // its line, nil while it is away
	here   bool          // it has joined
	landed chan struct{} // closed when it has joined on its line, or lost it
	been   bool          // it has joined once
	gone   time.Time     // since when it is not here
	tries  int           // to come back, in a row
	after  time.Duration // which the server's bye asked for

	user   string
	resume string
	epoch  string
	head   uint64 // what is up to it is replayed, not live
	last   uint64 // the highest seq that was heard, or told to be skipped
	told   uint64 // by receipt
	due    []letter
}

// letter is a message that is not acknowledged.
type letter struct {
	number uint64
	at     time.Duration // when it was to be sent, since the start
	said   bool          // on some line
}

// visit goes on from where the client is.
func (c *client) visit() (v doors.Visit, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	v = doors.Visit{
		Way: c.crowd.way, Resume: c.resume, Room: c.room.name, Replay: c.been, Last: c.last, Epoch: c.epoch,
		Decode: func(text []byte) (native.Event, error) { return c.room.read(text, c.crowd.run) },
	}
	if c.crowd.config.Token != nil {
		v.Token, err = c.crowd.config.Token(c.userName())
	}
	return v, err
}

// attach gives the client a line, and returns what is closed when it has joined there, or lost it; nil when
// the client no longer may have one.
func (c *client) attach(on *ear) (landed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.crowd.ctx.Err() != nil {
		return nil
	}
	c.on, c.after, c.landed = on, 0, make(chan struct{})
	c.crowd.lines.Add(1)
	on.line.Start()
	return c.landed
}

func (c *client) userName() string { return fmt.Sprint(c.crowd.config.Prefix, "-", c.number) }

// types tells that the client is typing, if it is there.
func (c *client) types() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here {
		c.on.line.Say(&native.Signal{Room: c.room.name, Kind: "typing"})
	}
}

// tells tells how far the client has read, if it has read something since.
func (c *client) tells() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here && c.last > c.told {
		c.told = c.last
		c.on.line.Say(&native.Receipt{Room: c.room.name, Received: c.last, Read: c.last})
	}
}

// sends sends a message, or keeps it until the client is back.
func (c *client) sends(l letter) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.crowd.sends.Add(1)
	if len(c.due) >= maxDue {
		c.crowd.unsent.Add(1)
		return
	}
	c.due = append(c.due, l)
	if c.here {
		c.say(&c.due[len(c.due)-1])
	}
}

func (c *client) say(l *letter) {
	l.said = true
	m := mark{c.crowd.run, l.number, l.at}
	c.on.line.Say(&native.Send{
		ID: native.ID(strconv.FormatUint(l.number, 10)), Room: c.room.name,
		CID:  fmt.Sprintf("%016x%013x", m.run, m.number),
		Body: native.Body{Format: native.Text, Data: []byte(m.text(c.crowd.config.Size))},
	})
}

// cut ends the client's line as a network would, and has the client come back at once.
func (c *client) cut() {
	c.mu.Lock()
	on := c.on
	if on != nil {
		c.leave()
		c.crowd.again(c, 0)
	}
	c.mu.Unlock()
	if on != nil {
		on.line.Close()
	}
}

// lost is told by a line that it has ended. The client comes back after a while, as the protocol wants.
func (c *client) lost(on *ear, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.on != on {
		return
	}
	c.crowd.complain(why.Error())
	c.leave()
	c.crowd.again(c, c.pause())
}

// absent is told that no line could be made.
func (c *client) absent() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.crowd.again(c, c.pause())
}

// leave forgets the line.
func (c *client) leave() {
	c.on = nil
	if !c.here {
		close(c.landed)
	}
	c.crowd.lost.Add(1)
	if c.here {
		c.here, c.gone = false, time.Now()
		c.crowd.connected.Add(-1)
	}
}

// pause is exponential with full jitter, or what the server asked for.
func (c *client) pause() time.Duration {
	if c.after > 0 {
		return c.after
	}
	ceiling := min(minBackoff<<min(c.tries, 10), maxBackoff)
	c.tries++
	return rand.N(ceiling)
}

// heard returns the highest seq that the client has heard.
func (c *client) heard() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// owed returns how many of its messages are unanswered, and whether it is in its room.
func (c *client) owed() (letters int, here bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.due), c.here
}
