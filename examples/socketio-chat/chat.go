package main

import "sync"

// keep is how many messages the chat keeps.
const keep = 1000

// chat is what was said. (Rooms of Veche keep that on disk; see docs/protocol.md, "Socket.IO".)
type chat struct {
	mu       sync.Mutex // guards what follows, and is held while a message is told, so that all hear the same order
	first    int        // id of messages[0], less one
	messages []message
	known    map[string]bool // offsets of messages
}

type message struct{ text, offset string }

// say tells a message, unless it was sent before: then offset, which its client gave it, is known.
func (c *chat) say(text, offset string, tell func(id int)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known[offset] {
		return
	}
	if offset != "" {
		c.known[offset] = true
	}
	c.messages = append(c.messages, message{text, offset})
	if len(c.messages) > keep {
		delete(c.known, c.messages[0].offset)
		c.messages = c.messages[1:]
		c.first++
	}
	tell(c.first + len(c.messages))
}

// since tells all after an id.
func (c *chat) since(id int, tell func(id int, text string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, m := range c.messages {
		if n := c.first + i + 1; n > id {
			tell(n, m.text)
		}
	}
}
