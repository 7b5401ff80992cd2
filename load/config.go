// Config: what is asked for.

package load

import (
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/vechehq/veche/internal/doors"
)

// Config says how many do how much. The zero value of a field is its default.
type Config struct {
	URL      string        // of the server: http, https, ws or wss, and a host
	Door     string        // by which clients come: Doors has them. Default: websocket
	Clients  int           // how many; at most what the process may open. Default: 1000
	Rooms    int           // each client is in one; room k has 1/k of the largest one's size. Default: a tenth of Clients
	Prefix   string        // of the rooms' names; behind it come the seed and a number. Default: load
	Rate     float64       // messages a second, of all clients together, at random moments. Default: 100
	Size     int           // bytes of a message's text, 64 to 65,536. Default: 128
	Duration time.Duration // from when all are connected. Default: 30 s
	Seed     uint64        // of who does what when; the same seed draws the same

	// Receipts is how often a client tells how far it has read, if there was something. Default: 10 s;
	// negative for never.
	Receipts time.Duration
	NoTyping bool // leaves out the typing signal a second before each message

	// Wave is the share of the clients, 0 to 1, that lose their connection at once, every WaveEvery
	// (default: 10 s), and come back at once. Waves is how many times; default: again and again.
	Wave      float64
	WaveEvery time.Duration
	Waves     int

	// Token returns a user's token. Default: clients are guests.
	Token func(user string) (string, error)

	// Live is told every second what happened in it.
	Live func(Figures)

	// Enough, when closed, ends the load before its time: what is under way is waited for and checked.
	Enough <-chan struct{}
}

func (c Config) withDefaults() (Config, error) {
	orElse(&c.Door, "websocket")
	orElse(&c.Clients, 1000)
	orElse(&c.Rooms, max(1, c.Clients/10))
	orElse(&c.Prefix, "load")
	orElse(&c.Rate, 100)
	orElse(&c.Size, 128)
	orElse(&c.Duration, 30*time.Second)
	orElse(&c.Receipts, 10*time.Second)
	orElse(&c.WaveEvery, 10*time.Second)
	if c.Live == nil {
		c.Live = func(Figures) {}
	}
	u, err := url.Parse(c.URL)
	switch {
	case err != nil:
		return c, fmt.Errorf("load: the URL: %w", err)
	case u.Host == "" || schemes[u.Scheme] == "":
		return c, fmt.Errorf("load: %q is not the URL of a server, such as http://localhost:8080", c.URL)
	case doors.Named(c.Door) == nil:
		return c, fmt.Errorf("load: there is no door %q; there are %v", c.Door, Doors())
	case c.Clients < 1 || c.Rooms < 1 || c.Duration < 0 || c.WaveEvery < 0 || c.Waves < 0:
		return c, errors.New("load: clients, rooms, waves and times must be positive")
	case !(c.Rate > 0 && c.Rate <= maxRate):
		return c, fmt.Errorf("load: the rate must be above 0 and at most %d messages a second", maxRate)
	case c.Size < minSize || c.Size > maxSize:
		return c, fmt.Errorf("load: a message has %d to %d bytes", minSize, maxSize)
	case !(c.Wave >= 0 && c.Wave <= 1):
		return c, errors.New("load: a wave takes a share from 0 to 1 of the clients")
	}
	c.URL = schemes[u.Scheme] + "://" + u.Host
	return c, nil
}

const (
	maxRate = 1_000_000
	minSize = 64 // room for a message's mark
	maxSize = 64 << 10
)

// schemes are those of a server's URL, with what HTTP calls them.
var schemes = map[string]string{"http": "http", "ws": "http", "https": "https", "wss": "https"}

func orElse[T comparable](v *T, other T) {
	var zero T
	if *v == zero {
		*v = other
	}
}
