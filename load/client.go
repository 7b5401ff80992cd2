// Client: one person's, with what it says.

package load

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

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
	line   line          // nil while it is away
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

// attach gives the client a line, on which it introduces itself, and returns what is closed when that is
// answered, or the line lost; nil when the client no longer may have one.
func (c *client) attach(l line) (landed <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.crowd.ctx.Err() != nil {
		return nil
	}
	c.line, c.after, c.landed = l, 0, make(chan struct{})
	c.crowd.lines.Add(1)
	l.start()
	token := ""
	if c.crowd.config.Token != nil {
		var err error
		if token, err = c.crowd.config.Token(c.userName()); err != nil {
			c.crowd.broken("token of client %d: %v", c.number, err)
		}
	}
	l.say(&native.Hello{Token: token, Resume: c.resume})
	l.say(c.cursor())
	return c.landed
}

func (c *client) userName() string { return fmt.Sprint(c.crowd.config.Prefix, "-", c.number) }

// cursor is the join that goes on from where the client is.
func (c *client) cursor() *native.Join {
	return &native.Join{ID: "0", Room: c.room.name, Since: int64(c.last), Replay: c.been, Epoch: c.epoch}
}

// types tells that the client is typing, if it is there.
func (c *client) types() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here {
		c.line.say(&native.Signal{Room: c.room.name, Kind: "typing"})
	}
}

// tells tells how far the client has read, if it has read something since.
func (c *client) tells() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.here && c.last > c.told {
		c.told = c.last
		c.line.say(&native.Receipt{Room: c.room.name, Received: c.last, Read: c.last})
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
	c.line.say(&native.Send{
		ID: native.ID(strconv.FormatUint(l.number, 10)), Room: c.room.name,
		CID:  fmt.Sprintf("%016x%013x", m.run, m.number),
		Body: native.Body{Format: native.Text, Data: []byte(m.text(c.crowd.config.Size))},
	})
}

// cut ends the client's line as a network would, and has the client come back at once.
func (c *client) cut() {
	c.mu.Lock()
	l := c.line
	if l != nil {
		c.leave()
		c.crowd.again(c, 0)
	}
	c.mu.Unlock()
	if l != nil {
		l.cut()
	}
}

// lost is told by a line that it has ended. The client comes back after a while, as the protocol wants.
func (c *client) lost(l line, why error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.line != l {
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
	c.line = nil
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
