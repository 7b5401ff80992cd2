package main

import (
	"context"
	"fmt"
	"os"
)

// part is a set of tables about package ws and its peers.
type part func(ctx context.Context, all []*peer, o options) ([]*table, error)

// engineParts are in the order of the report.
var engineParts = []struct {
	name, what string
	part       part
}{
	{"idle", "resident bytes per idle connection", one(idleTable)},
	{"echo", "messages that come back: small, in a burst, large, Russian, compressed", echoTables},
	{"broadcast", "one message to all connections", func(ctx context.Context, _ []*peer, o options) ([]*table, error) { return broadcastTables(ctx, o) }},
	{"handshakes", "connections instead of messages", handshakeTables},
}

func one(f func(context.Context, []*peer, options) (*table, error)) part {
	return func(ctx context.Context, all []*peer, o options) ([]*table, error) {
		t, err := f(ctx, all, o)
		return []*table{t}, err
	}
}

// benchEngines measures the parts whose names are asked for, all if none is, with all servers up all the
// time, prints their tables, and draws them if there is a file to draw into.
func benchEngines(ctx context.Context, o options, names ...string) error {
	return withEngines(ctx, func(ctx context.Context, all []*peer) error {
		var drawn []*table
		for _, p := range engineParts {
			if len(names) > 0 && names[0] != p.name {
				continue
			}
			tables, err := p.part(ctx, all, o)
			if err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
			for _, t := range tables {
				t.print(os.Stdout)
			}
			drawn = append(drawn, tables...)
		}
		if o.chart == "" {
			return nil
		}
		return writeChart(o.chart, drawn)
	})
}
