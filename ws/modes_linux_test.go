package ws

import (
	"bytes"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vechehq/veche/internal/autobahn"
)

// FuzzModes: the same bytes, cut anywhere, are answered with the same bytes in both modes.
func FuzzModes(f *testing.F) {
	for _, c := range autobahn.Cases() {
		var b []byte
		for _, v := range c.In {
			b = v.Append(b, true)
		}
		if len(b) < 4000 {
			f.Add(b, uint64(len(b)), byte(0))
		}
	}
	z := &autobahn.Zlib{DeflateTakeover: true}
	var b []byte
	for i := range 3 {
		b = autobahn.Frame{First: 0xC1, Payload: z.Deflate(autobahn.Chat(300, uint64(i)))}.Append(b, true)
		f.Add(b, uint64(i), byte(1))
		f.Add(b, uint64(i), byte(2))
		f.Add(b, uint64(i), byte(3))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64, deflate byte) {
		if len(b) > 1<<16 {
			return
		}
		loop, why := answers(t, ModeAuto, b, seed, deflate)
		goroutine, why2 := answers(t, ModeGoroutine, b, seed+1, deflate)
		if !bytes.Equal(loop, goroutine) || why != why2 {
			t.Fatalf("loop: %q, %s\ngoroutine: %q, %s", loop, why, goroutine, why2)
		}
	})
}

// answers sends b in pieces to an echo, with one of some agreements about compression or without, ends its direction, and returns all that came back and how the
// connection ended.
func answers(t *testing.T, mode Mode, b []byte, seed uint64, deflate byte) (all []byte, why string) {
	c, p := unixPair(t, Options{Mode: mode, MaxMessage: 1 << 16, CompressionThreshold: 10})
	switch deflate % 4 {
	case 1:
		c.agree(&deflateParams{serverNoTakeover: true, clientNoTakeover: true})
	case 2:
		c.agree(&deflateParams{})
	case 3:
		c.agree(&deflateParams{serverBits: 8, clientBits: 8, perFrame: deflate > 127})
	}
	c.in.intake = c.newIntake()
	h := &echoHandler{make(chan error, 1)}
	c.Start(h)
	r := rand.New(rand.NewPCG(seed, 2))
	go func() {
		for len(b) > 0 {
			n := min(len(b), 1+r.IntN(200))
			if _, err := p.nc.Write(b[:n]); err != nil {
				return
			}
			b = b[n:]
		}
		_ = p.nc.(*net.UnixConn).CloseWrite()
	}()
	all, _ = io.ReadAll(p.nc)
	_ = p.nc.Close()
	return all, (<-h.closed).Error()
}

// TestGoexit: a handler that ends its goroutine takes no other connection with it.
func TestGoexit(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		var peers []*peer
		var recs []*recorder
		for range 6 {
			c, p := pair(Server, Options{Log: slog.New(slog.DiscardHandler)})
			rec := newRecorder()
			rec.on = func(c *Conn, typ MessageType, data []byte) {
				if string(data) == "exit" {
					runtime.Goexit()
				}
				_ = c.Send(typ, data)
			}
			c.Start(rec)
			peers, recs = append(peers, p), append(recs, rec)
		}
		for i, p := range peers[:3] {
			p.write(p.fr(0x81, "exit"), p.fr(0x81, "never delivered"))
			p.wantClose("exit", StatusInternal)
			p.write(p.fr(0x88, closePayload(1011, "")))
			p.wantEnd("exit")
			_ = p.nc.Close()
			wantAs[*PanicError](t, <-recs[i].closed)
		}
		for _, p := range peers[3:] {
			p.write(p.fr(0x81, "still there"))
			p.want("others", 0x81, "still there")
		}
	})
}

// unixPair is tcpPair without ports, of which a long run would use up all.
func unixPair(t *testing.T, o Options) (*Conn, *peer) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	var ends [2]net.Conn
	for i, fd := range fds {
		f := os.NewFile(uintptr(fd), "socket")
		defer f.Close()
		if ends[i], err = net.FileConn(f); err != nil {
			t.Fatal(err)
		}
	}
	return pairOver(t, Server, o, nil, ends[0], ends[1])
}

// TestNoDescriptorLeaks: when connections of all kinds of ends are gone, so are their descriptors.
func TestNoDescriptorLeaks(t *testing.T) {
	before := -1
	for round := range 4 {
		ended := make(chan error, 100)
		for i := range 40 {
			c, p := unixPair(t, Options{})
			c.Start(&echoHandler{ended})
			_ = c.NetConn()
			switch i % 3 {
			case 0:
				_ = c.CloseNow()
			case 1:
				p.write([]byte{0xFF})
			}
			_ = p.nc.Close()
		}
		for range 40 {
			<-ended
		}
		now := openDescriptors(t)
		if round == 0 {
			before = now // the loops' own stay
		} else if now > before {
			t.Fatalf("%d descriptors, %d before", now, before)
		}
	}
}

// TestNoDescriptorToSpare: where a loop cannot have its own descriptor, a goroutine serves with the one
// that there is.
func TestNoDescriptorToSpare(t *testing.T) {
	c, p := unixPair(t, Options{})
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	few := l
	few.Cur = 3
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	c.Start(&echoHandler{make(chan error, 1)})
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	if c.flags.Load()&looped != 0 {
		t.Error("it sits in a loop")
	}
	p.write(p.fr(0x81, "served"))
	p.want("echo", 0x81, "served")
}

func openDescriptors(t *testing.T) int {
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
