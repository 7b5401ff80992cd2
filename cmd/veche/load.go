package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/load"
)

type loadCmd struct {
	URL      string        `name:"url" env:"-" default:"http://localhost:8080" placeholder:"URL" help:"The server. (${default})"`
	Door     string        `env:"-" default:"websocket" placeholder:"NAME" help:"The door by which clients come, of those below. (${default})"`
	Clients  int           `env:"-" default:"1000" placeholder:"N" help:"How many clients; each needs a descriptor. (${default})"`
	Rooms    int           `env:"-" placeholder:"N" help:"How many rooms, of Zipf sizes. (a tenth of the clients)"`
	Prefix   string        `env:"-" default:"load" placeholder:"TEXT" help:"What the rooms' names begin with. (${default})"`
	Rate     float64       `env:"-" default:"100" placeholder:"N" help:"Messages a second, of all clients together. (${default})"`
	Size     int           `env:"-" default:"128" placeholder:"BYTES" help:"Bytes of a message. (${default})"`
	Duration time.Duration `env:"-" default:"30s" placeholder:"TIME" help:"How long, from when all are connected. (${default})"`
	Seed     uint64        `env:"-" default:"1" placeholder:"N" help:"The same seed draws the same sizes, people and moments. (${default})"`

	Wave      float64       `env:"-" placeholder:"SHARE" help:"Share of the clients, 0 to 1, that lose their connection at once, again and again. (0)"`
	WaveEvery time.Duration `env:"-" default:"10s" placeholder:"TIME" help:"Time between two such waves. (${default})"`
	Waves     int           `env:"-" placeholder:"N" help:"How many waves. (without end)"`
	Receipts  time.Duration `env:"-" default:"10s" placeholder:"TIME" help:"How often a client tells how far it has read; below 0 never. (${default})"`
	Typing    bool          `env:"-" default:"true" negatable:"" help:"Signal typing before each message. (${default})"`

	JSON bool `name:"json" env:"-" help:"Print JSON, one object a line: each second's figures, and the summary last, as {\"summary\":…}."`
}

func (l *loadCmd) Help() string {
	return "Messages are sent at their moments whatever the server does, and latencies count from there. Exit code 1 says that something acknowledged was missing, or an order was broken. Ctrl-C ends it early, with all checks; a second one at once. With --token-secret or --token-secret-file clients sign in by tokens, else they are guests. docs/operations.md tells how to read the figures.\n\nDoors: " + strings.Join(load.Doors(), ", ") + "."
}

// Run puts the load on until its time is over. A first signal ends it earlier, a second one at once.
func (l *loadCmd) Run(c *cli, w world) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	enough := make(chan struct{})
	go func() {
		select {
		case <-w.signals:
			close(enough)
		case <-ctx.Done():
			return
		}
		select {
		case <-w.signals:
			cancel()
		case <-ctx.Done():
		}
	}()
	config := load.Config{
		URL: l.URL, Door: l.Door, Clients: l.Clients, Rooms: l.Rooms, Prefix: l.Prefix, Rate: l.Rate, Size: l.Size,
		Duration: l.Duration, Seed: l.Seed, Wave: l.Wave, WaveEvery: l.WaveEvery, Waves: l.Waves,
		Receipts: l.Receipts, NoTyping: !l.Typing, Enough: enough,
	}
	var err error
	if config.Token, err = c.Tokens.signer(); err != nil {
		return err
	}
	table := load.Table{W: w.stdout}
	lines := json.NewEncoder(w.stdout)
	config.Live = table.Line
	if l.JSON {
		config.Live = func(f load.Figures) { _ = lines.Encode(f) }
	}
	summary, err := load.Run(ctx, config)
	if err != nil {
		return err
	}
	if l.JSON {
		_ = lines.Encode(map[string]*load.Summary{"summary": summary})
	} else {
		summary.Write(w.stdout)
	}
	if summary.Violations > 0 {
		return fmt.Errorf("%d promises were broken; the first: %s", summary.Violations, summary.Broken[0])
	}
	return nil
}

// signer returns what signs users in where a secret is configured, nil where none is.
func (f *tokenFlags) signer() (func(user string) (string, error), error) {
	secret, err := f.secret()
	if err != nil || secret == nil {
		return nil, err
	}
	a, err := auth.New(auth.Config{Key: auth.NewKey(), Secret: secret, Issuer: f.TokenIssuer, Audience: f.TokenAudience})
	if err != nil {
		return nil, err
	}
	return func(user string) (string, error) { return a.Sign(hub.User{ID: user}) }, nil
}
