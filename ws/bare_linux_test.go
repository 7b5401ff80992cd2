package ws

import (
	"bufio"
	"errors"
	"net"
	"net/netip"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// barePair returns a connection of a descriptor that package net has never seen, and its peer.
func barePair(t *testing.T, o Options, early []byte) (*Conn, *peer) {
	t.Helper()
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	f := os.NewFile(uintptr(fds[1]), "socket")
	defer f.Close()
	far, err := net.FileConn(f)
	if err != nil {
		t.Fatal(err)
	}
	_ = far.SetDeadline(time.Now().Add(time.Minute))
	local, remote := netip.MustParseAddrPort("127.0.0.1:80"), netip.MustParseAddrPort("[2001:db8::1]:4000")
	c := newBare(fds[0], local, remote, Server, "chat", shareOptions(o.withDefaults()), nil, early)
	t.Cleanup(func() {
		_ = c.CloseNow()
		_ = far.Close()
	})
	return c, &peer{t: t, nc: far, br: bufio.NewReader(far), mask: true}
}

// TestBare: a bare descriptor serves in every form, with what came early and what was sent before Start.
func TestBare(t *testing.T) {
	early := func() []byte { return (&peer{mask: true}).fr(0x81, "early") } // unmasked where it is
	for name, mode := range modes {
		c, p := barePair(t, Options{Mode: mode, PingInterval: time.Hour}, early())
		if c.Subprotocol() != "chat" || c.LocalAddr().String() != "127.0.0.1:80" || c.RemoteAddr().String() != "[2001:db8::1]:4000" {
			t.Errorf("%q, %v, %v", c.Subprotocol(), c.LocalAddr(), c.RemoteAddr())
		}
		if err := c.Send(Text, []byte("before Start")); err != nil {
			t.Fatal(err)
		}
		c.Start(&echoHandler{make(chan error, 1)})
		p.want(name, 0x81, "before Start")
		p.want(name, 0x81, "early")
		p.write(p.fr(0x81, name))
		p.want(name, 0x81, name)
		before := c.NetConn()
		nc, ok := before.(interface{ SetReadBuffer(int) error }) // what package net has, and package os has not
		if !ok || nc.SetReadBuffer(1<<16) != nil || c.NetConn() != before || c.TLS() != nil {
			t.Fatalf("%s: NetConn is %T", name, before)
		}
		_ = c.CloseNow()
		<-c.Done()
		if err := nc.SetReadBuffer(1 << 16); !errors.Is(err, net.ErrClosed) {
			t.Errorf("%s: NetConn afterwards: %v", name, err)
		}
	}

	c, p := barePair(t, Options{PingInterval: time.Hour}, early())
	_ = c.Send(Text, []byte("before Read"))
	for _, want := range []string{"early", "late"} {
		if _, got, err := c.Read(t.Context()); err != nil || string(got) != want {
			t.Fatalf("%q, %v", got, err)
		}
		p.write(p.fr(0x81, "late"))
	}
	if err := c.Write(t.Context(), Text, []byte("written")); err != nil {
		t.Fatal(err)
	}
	p.want("pull form", 0x81, "before Read")
	p.want("pull form", 0x81, "written")
}

// TestBareEnds: one that is dropped before anybody serves it is closed, and can be used without harm.
func TestBareEnds(t *testing.T) {
	c, p := barePair(t, Options{}, nil)
	_ = c.CloseNow()
	<-c.Done()
	p.wantEnd("closed")
	if _, _, err := c.Read(t.Context()); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	if err := c.Write(t.Context(), Text, nil); !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
	closed := make(chan error, 1)
	c.Start(&echoHandler{closed})
	if err := <-closed; !errors.Is(err, ErrClosed) {
		t.Error(err)
	}
}
