package main

import (
	"context"
	"net"
	"net/http"
	"os"
	"slices"
	"sync"
	"syscall"

	"github.com/lxzan/gws"

	"github.com/vechehq/veche/ws"
)

// broadcastTables measures package ws alone as benchFanout measures the product: every message goes to
// every connection, by Broadcast, by gws' Broadcaster, and by a loop of bare write calls.
func broadcastTables(ctx context.Context, o options) (tables []*table, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	for _, s := range fanoutSettings {
		var all []*peer
		for _, name := range []string{"ws", "gws", "bare"} {
			all = append(all, &peer{name: rooms[name].title, path: "/", op: opText,
				argv:    func(port string) []string { return []string{self, "room-" + name, port} },
				publish: func(payload string) string { return payload }})
		}
		t, err := fanoutTable(ctx, all, "gws", s.members, s.inFlight, o.rounds, o.window)
		if err != nil {
			return nil, err
		}
		tables = append(tables, t)
	}
	return tables, nil
}

// rooms are servers in which every message goes to every connection.
var rooms = map[string]struct {
	title string
	serve func() http.Handler
}{
	"ws":   {"Veche ws", func() http.Handler { return acceptInto(&crowd{send: broadcast}) }},
	"bare": {"bare writes", func() http.Handler { return acceptInto(&crowd{send: writeEach}) }},
	"gws":  {"gws", gwsRoom},
}

// crowd is a set of connections, and the handler of each.
type crowd struct {
	send func(r *crowd, typ ws.MessageType, data []byte)

	mu      sync.Mutex
	members []*ws.Conn
	fds     []int
}

func acceptInto(r *crowd) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c, err := ws.Accept(w, req, nil)
		if err != nil {
			return
		}
		c.Start(r)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.members = append(r.members, c)
		r.fds = nil
	})
}

func (r *crowd) Message(_ *ws.Conn, typ ws.MessageType, data []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.send(r, typ, data)
}

func (r *crowd) Closed(c *ws.Conn, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.members = slices.DeleteFunc(r.members, func(m *ws.Conn) bool { return m == c })
	r.fds = nil
}

func broadcast(r *crowd, typ ws.MessageType, data []byte) {
	ws.Broadcast(ws.NewPrepared(typ, data), slices.Values(r.members), nil)
}

// writeEach is what a fan-out cannot cost less than: a write call for each member, and nothing else.
func writeEach(r *crowd, typ ws.MessageType, data []byte) {
	if r.fds == nil {
		for _, c := range r.members {
			raw, err := c.NetConn().(*net.TCPConn).SyscallConn()
			if err == nil {
				_ = raw.Control(func(fd uintptr) { r.fds = append(r.fds, int(fd)) })
			}
		}
	}
	frame := append([]byte{0x80 | byte(typ), 126, byte(len(data) >> 8), byte(len(data))}, data...)
	if len(data) < 126 {
		frame = append([]byte{0x80 | byte(typ), byte(len(data))}, data...)
	}
	for _, fd := range r.fds {
		_, _ = syscall.Write(fd, frame)
	}
}

// gwsCrowd is a crowd as gws' documentation writes it.
type gwsCrowd struct {
	gws.BuiltinEventHandler
	mu      sync.Mutex
	members map[*gws.Conn]bool
}

func (r *gwsCrowd) OnMessage(_ *gws.Conn, m *gws.Message) {
	defer m.Close()
	b := gws.NewBroadcaster(m.Opcode, slices.Clone(m.Bytes()))
	defer b.Close()
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.members {
		_ = b.Broadcast(c)
	}
}

func (r *gwsCrowd) OnClose(c *gws.Conn, _ error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.members, c)
}

func gwsRoom() http.Handler {
	r := &gwsCrowd{members: map[*gws.Conn]bool{}}
	up := gws.NewUpgrader(r, &gws.ServerOption{CheckUtf8Enabled: true})
	return http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c, err := up.Upgrade(w, req)
		if err != nil {
			return
		}
		r.mu.Lock()
		r.members[c] = true
		r.mu.Unlock()
		go c.ReadLoop()
	})
}
