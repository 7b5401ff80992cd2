package main

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/transport/engineio"
)

// node is one server of several.
type node struct {
	echo *engineio.Server
	io   *socketio.Server
}

// nodes are servers behind a load balancer that knows nothing.
type nodes struct {
	all   []node
	buses []*local.Bus
	turn  atomic.Uint64
}

// bounds let the buses lose nothing, so that no client of a busy machine is cut off.
var bounds = &local.Options{Signals: 1 << 20}

func newNodes(count int) *nodes {
	ns := &nodes{buses: []*local.Bus{local.New(bounds), local.New(bounds)}}
	ended := &reasons{all: []string{}}
	for i := range count {
		var forEcho, forRooms socketio.Link
		if count > 1 {
			forEcho, forRooms = link{ns.buses[0], i}, link{ns.buses[1], i}
		}
		echo := engineio.NewServer(engineio.Options{
			PingInterval: *pingInterval, PingTimeout: *pingTimeout, MaxPayload: maxPayload, OriginPatterns: []string{"*"}, Link: forEcho,
		}, openEcho)
		ns.all = append(ns.all, node{echo, newSocketIO(forRooms, ended)})
	}
	return ns
}

// choose chooses the node that a request reaches: the one that its header names, else the next.
func (ns *nodes) choose(r *http.Request) node {
	turn, err := strconv.ParseUint(r.Header.Get("Node"), 10, 16)
	if err != nil {
		turn = ns.turn.Add(1)
	}
	return ns.all[turn%uint64(len(ns.all))]
}

func (ns *nodes) close(ctx context.Context) error {
	var errs []error
	for _, n := range ns.all {
		errs = append(errs, n.echo.Close(ctx), n.io.Close(ctx))
	}
	for _, b := range ns.buses {
		errs = append(errs, b.Close(ctx))
	}
	return errors.Join(errs...)
}

// link is a bus as one node sees it.
type link struct {
	bus  *local.Bus
	node int
}

func (l link) Publish(data []byte) {
	l.bus.Publish(hub.Notice{Node: string(rune('a' + l.node)), Topic: "link", Data: string(data)})
}

func (l link) Subscribe(f func([]byte)) (cancel func()) {
	return l.bus.Subscribe(func(n hub.Notice) {
		if n.Node != string(rune('a'+l.node)) {
			f([]byte(n.Data))
		}
	})
}
