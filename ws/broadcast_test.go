package ws

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// crowd returns n connections that are served.
func crowd(t *testing.T, n int, pair func(Side, Options) (*Conn, *peer), o Options) (conns []*Conn, peers []*peer) {
	for range n {
		c, p := pair(Server, o)
		c.Start(newRecorder())
		conns, peers = append(conns, c), append(peers, p)
	}
	return conns, peers
}

// TestBroadcast: everybody gets every message, in order with what others send, and what is shared stays
// what it was.
func TestBroadcast(t *testing.T) {
	allNets(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		conns, peers := crowd(t, 5, pair, Options{})
		var prepared []*Prepared
		for i := range 20 {
			prepared = append(prepared, NewPrepared(Text, fmt.Append(nil, "broadcast ", i)))
		}
		for i, m := range prepared {
			Broadcast(m, slices.Values(conns), func(_ *Conn, err error) { t.Error(err) })
			if err := conns[i%5].Send(Binary, []byte("alone")); err != nil {
				t.Error(err)
			}
		}
		for i := range prepared {
			for j, p := range peers {
				p.want("to all", 0x81, fmt.Sprint("broadcast ", i))
				if i%5 == j {
					p.want("between", 0x82, "alone")
				}
			}
			if string(prepared[i].payload) != fmt.Sprint("broadcast ", i) {
				t.Fatalf("changed: %q", prepared[i].payload)
			}
		}
	})
}

// TestBroadcastMany: more than one burst, to connections that are started and such that are not.
func TestBroadcastMany(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		conns, peers := crowd(t, 40, pair, Options{})
		c, p := pair(Server, Options{})
		conns, peers = append(conns, c), append(peers, p)
		var all []*Conn
		for range 20 {
			all = append(all, conns...)
		}
		Broadcast(NewPrepared(Text, []byte("x")), slices.Values(all), nil)
		for _, p := range peers {
			for range 20 {
				p.want("each time", 0x81, "x")
			}
		}
	})
}

// TestBroadcastRefused: who cannot take the message is named, with Send's error.
func TestBroadcastRefused(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		conns, peers := crowd(t, 3, pair, Options{})
		small, _ := pair(Server, Options{SendBuffer: 10})
		small.Start(newRecorder())
		_ = conns[1].CloseNow()
		refused := map[*Conn]error{}
		Broadcast(NewPrepared(Text, []byte(strings.Repeat("x", 100))), slices.Values(append(conns, small)),
			func(c *Conn, err error) { refused[c] = err })
		if len(refused) != 2 || !errors.Is(refused[conns[1]], ErrClosed) || !errors.Is(refused[small], ErrSendBuffer) {
			t.Errorf("%v", refused)
		}
		for _, i := range []int{0, 2} {
			peers[i].want("the others", 0x81, strings.Repeat("x", 100))
		}
	})
}

// TestBroadcastPanics: a panic half way through loses nothing of what was sent before it.
func TestBroadcastPanics(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		conns, peers := crowd(t, 2, pair, Options{})
		func() {
			defer func() { _ = recover() }()
			Broadcast(NewPrepared(Text, []byte("before")), func(yield func(*Conn) bool) {
				yield(conns[0])
				panic("no more")
			}, nil)
		}()
		peers[0].want("what was sent", 0x81, "before")
	})
}

// TestBroadcastToASlowPeer: shared bytes of which a socket has taken a part are not written to.
func TestBroadcastToASlowPeer(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		const size, n = 3 << 20, 3
		conns, peers := crowd(t, 2, pair, Options{SendBuffer: 16 << 20})
		big := strings.Repeat("0123456789abcdef", size/16)
		m := NewPrepared(Binary, []byte(big))
		for range n {
			Broadcast(m, slices.Values(conns), func(_ *Conn, err error) { t.Error(err) })
		}
		for _, p := range peers {
			for range n {
				p.want("all of it", 0x82, big)
			}
		}
		if string(m.payload) != big {
			t.Error("changed")
		}
	})
}
