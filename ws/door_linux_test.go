package ws

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// echoes serves echoes in loops, through a door.
func echoes(t *testing.T, change ...func(*http.Server)) (addr string, ended chan error) {
	ended = make(chan error, 20_000)
	return doorway(Door).serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, nil); err == nil {
			c.Start(&echoHandler{ended})
		}
	}), change...), ended
}

// TestDoorNeedsNoNet: a connection comes into its loop without ever having been a net.Conn.
func TestDoorNeedsNoNet(t *testing.T) {
	got := make(chan string, 1)
	addr := doorway(Door).serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, &AcceptOptions{SelectSubprotocol: func(offered []string) string { return offered[0] }})
		if err != nil {
			t.Error(err)
			return
		}
		before := c.flags.Load()&bare != 0
		c.Start(&echoHandler{make(chan error, 1)})
		got <- fmt.Sprintln(before, c.flags.Load()&looped != 0, c.stream.Load() == nil, c.LocalAddr(), c.RemoteAddr(), r.RemoteAddr, c.Subprotocol())
	}))
	_, nc, br := shakeRaw(t, addr, edit("Sec-WebSocket-Protocol: a, b"))
	client := nc.LocalAddr().String()
	if got, want := <-got, fmt.Sprintln(true, true, true, addr, client, client, "a"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	p := &peer{t: t, nc: nc, br: br, mask: true}
	p.write(p.fr(0x81, "hello"))
	p.want("echo", 0x81, "hello")
}

// TestDoorSocketOptions: connections have what package net gives those it accepts.
func TestDoorSocketOptions(t *testing.T) {
	options := func(d doorway) string {
		got := make(chan string, 1)
		addr := d.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			defer c.CloseNow()
			raw, err := c.NetConn().(*net.TCPConn).SyscallConn()
			if err != nil {
				t.Error(err)
				return
			}
			_ = raw.Control(func(fd uintptr) {
				var all []int
				for _, o := range [][2]int{{unix.IPPROTO_TCP, unix.TCP_NODELAY}, {unix.SOL_SOCKET, unix.SO_KEEPALIVE}, {unix.IPPROTO_TCP, unix.TCP_KEEPIDLE},
					{unix.IPPROTO_TCP, unix.TCP_KEEPINTVL}, {unix.IPPROTO_TCP, unix.TCP_KEEPCNT}} {
					v, _ := unix.GetsockoptInt(int(fd), o[0], o[1])
					all = append(all, v)
				}
				got <- fmt.Sprint(all)
			})
		}))
		shakeRaw(t, addr, edit())
		return <-got
	}
	direct := func(l net.Listener, _ *http.Server, _ ...string) net.Listener { return l }
	if got, want := options(Door), options(direct); got != want {
		t.Errorf("%s, net has %s", got, want)
	}
}

// TestDoorAnyAddress: on a wildcard address a connection's own address is the one that it was made to.
func TestDoorAnyAddress(t *testing.T) {
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan net.Addr, 2)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got <- r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		if c, err := Accept(w, r, nil); err == nil {
			got <- c.LocalAddr()
			_ = c.CloseNow()
		}
	})}
	l = Door(l, srv)
	go srv.Serve(l)
	defer srv.Close()
	port := l.Addr().(*net.TCPAddr).AddrPort().Port()
	for _, host := range []string{"127.0.0.1", "127.0.0.2"} {
		want := netip.AddrPortFrom(netip.MustParseAddr(host), port)
		shakeRaw(t, want.String(), edit())
		for range 2 {
			if a := <-got; a.String() != want.String() {
				t.Errorf("%v, want %v", a, want)
			}
		}
	}
}

// TestDoorLenient: a server without timeouts leaves it to net/http to wait for ever.
func TestDoorLenient(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: http.NotFoundHandler()}
	d := Door(l, srv).(*door)
	if !d.lenient || d.patience != defaultPatience {
		t.Fatalf("%v, %v", d.lenient, d.patience)
	}
	d.patience = 50 * time.Millisecond
	go srv.Serve(d)
	defer srv.Close()
	nc, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	_, _ = io.WriteString(nc, edit()[:20])
	time.AfterFunc(300*time.Millisecond, func() { _, _ = io.WriteString(nc, edit()[20:]) })
	if res, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil || res.StatusCode != 404 {
		t.Fatal(res, err)
	}
}

// TestDoorHalfARequest: bytes and the end after them, which the kernel tells at once, are both seen.
func TestDoorHalfARequest(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		addr := d.serve(t, http.NotFoundHandler(), func(s *http.Server) { s.ReadHeaderTimeout = time.Minute })
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		_ = nc.SetDeadline(time.Now().Add(time.Minute))
		_, _ = io.WriteString(nc, edit()[:10])
		raw, err := nc.(*net.TCPConn).SyscallConn()
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Control(func(fd uintptr) { err = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_CORK, 1) })
		if err != nil {
			t.Fatal(err)
		}
		converse(t, addr, edit()) // the first bytes are seen by now
		_, _ = io.WriteString(nc, edit()[10:20])
		_ = nc.(*net.TCPConn).CloseWrite()
		if res, err := http.ReadResponse(bufio.NewReader(nc), nil); err != nil || res.StatusCode != 400 {
			t.Fatal(res, err)
		}
	})
}

// TestDoorClose: closing the server ends those who have not come to the end of a request, gives all
// descriptors back, and leaves what goes on in loops alone.
func TestDoorClose(t *testing.T) {
	before := openDescriptors(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	started := make(chan *Conn, 1)
	ended := make(chan error, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := Accept(w, r, nil); err == nil {
			c.Start(&echoHandler{ended})
			started <- c
		}
	})}
	l = Door(l, srv)
	addr := l.Addr().String()
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	_, nc, br := shakeRaw(t, addr, edit())
	c := <-started
	var waiting []net.Conn
	for i := range 20 {
		w, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(w, edit()[:1+i])
		waiting = append(waiting, w)
	}
	shakeRaw(t, addr, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n") // all before it were seen
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != http.ErrServerClosed {
		t.Error(err)
	}
	for _, w := range waiting {
		_ = w.SetDeadline(time.Now().Add(time.Minute))
		if n, err := w.Read(make([]byte, 1)); n > 0 || isTimeout(err) {
			t.Errorf("a connection that waits: %d, %v", n, err)
		}
		_ = w.Close()
	}
	if _, err := net.Dial("tcp", addr); err == nil {
		t.Error("it still listens")
	}
	p := &peer{t: t, nc: nc, br: br, mask: true}
	p.write(p.fr(0x81, "still there"))
	p.want("a WebSocket outlives the door", 0x81, "still there")
	_ = c.CloseNow()
	<-ended
	_ = nc.Close()
	if err := l.Close(); err == nil {
		t.Error("closed twice")
	}
	if _, err := l.Accept(); err == nil {
		t.Error("accepts when closed")
	}
	wantDescriptors(t, before+2*8) // loops, which keep an epoll and Go's handle on it
}

// TestDoorCloseUnserved: a door that nobody served is closed like one that somebody did.
func TestDoorCloseUnserved(t *testing.T) {
	before := openDescriptors(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := Door(l, &http.Server{}).Close(); err != nil {
		t.Fatal(err)
	}
	wantDescriptors(t, before)
}

// wantDescriptors waits until no more than n are open: connections end on their own time.
func wantDescriptors(t *testing.T, n int) {
	t.Helper()
	late := time.After(time.Minute)
	again := time.NewTicker(time.Millisecond) // nobody tells of a descriptor's end
	defer again.Stop()
	for openDescriptors(t) > n {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%d descriptors, want at most %d", openDescriptors(t), n)
		}
	}
}

// TestDoorBurst: very many connections at once are all served, and leave nothing behind.
func TestDoorBurst(t *testing.T) {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	n := min(15_000, int(l.Cur)/2-200)
	addr, ended := echoes(t)
	before := openDescriptors(t)
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	hello := []byte(edit() + string(rawFrame(0x81, true, "hello")))
	clients := make([]int, n)
	for i := range clients {
		clients[i] = connectRawSocket(t, to, hello)
	}
	var wg sync.WaitGroup
	var bad atomic.Int32
	for share := range 8 {
		wg.Go(func() {
			for i := share; i < n; i += 8 {
				if !strings.HasSuffix(receiveUntil(clients[i], "hello"), "\x81\x05hello") {
					bad.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if bad.Load() > 0 {
		t.Errorf("%d of %d had no echo", bad.Load(), n)
	}
	for _, fd := range clients {
		_ = unix.Close(fd)
	}
	for range n {
		<-ended
	}
	wantDescriptors(t, before+2*8)
}

// connectRawSocket connects without Go's poller and sends b.
func connectRawSocket(t *testing.T, to netip.AddrPort, b []byte) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	connectSocket(t, fd, to, b)
	return fd
}

func connectSocket(t *testing.T, fd int, to netip.AddrPort, b []byte) {
	t.Helper()
	_ = unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_RCVTIMEO, &unix.Timeval{Sec: 20})
	if err := unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		t.Fatal(err)
	}
	if _, err := unix.Write(fd, b); err != nil {
		t.Fatal(err)
	}
}

// receiveUntil reads until what comes ends with tail, or ends.
func receiveUntil(fd int, tail string) (all string) {
	buf := make([]byte, 4096)
	for !strings.HasSuffix(all, tail) {
		n, err := unix.Read(fd, buf)
		if err == unix.EINTR {
			continue
		}
		if err != nil || n <= 0 {
			return all
		}
		all += string(buf[:n])
	}
	return all
}

// TestDoorOutOfDescriptors: when there are none left, clients wait in the kernel, those who are here do
// not notice, the door tries again now and then, and when there are some again it takes who waits.
func TestDoorOutOfDescriptors(t *testing.T) {
	refused := make(chan struct{}, 1000)
	addr, _ := echoes(t, func(s *http.Server) {
		s.ErrorLog = log.New(writerFunc(func(p []byte) (int, error) {
			if strings.Contains(string(p), "too many open files; retrying") {
				refused <- struct{}{}
			}
			return len(p), nil
		}), "", 0)
	})
	to, err := netip.ParseAddrPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	inside := connectRawSocket(t, to, []byte(edit()))
	defer unix.Close(inside)
	if got := receiveUntil(inside, "\r\n\r\n"); !strings.Contains(got, " 101 ") {
		t.Fatal(got)
	}
	clients := make([]int, 10) // their descriptors are had before
	for i := range clients {
		if clients[i], err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0); err != nil {
			t.Fatal(err)
		}
		defer unix.Close(clients[i])
	}
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		t.Fatal(err)
	}
	few := l
	few.Cur = 3
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	restored := false
	restore := func() {
		if !restored {
			restored = true
			if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
				t.Error(err)
			}
		}
	}
	defer restore()
	start := time.Now()
	for _, fd := range clients {
		connectSocket(t, fd, to, []byte(edit()+string(rawFrame(0x81, true, "hello"))))
	}
	for range 6 { // 5 + 10 + 20 + 40 + 80 ms between them
		<-refused
	}
	if took := time.Since(start); took < 150*time.Millisecond {
		t.Errorf("6 refusals within %v", took)
	}
	if _, err := unix.Write(inside, rawFrame(0x81, true, "still there")); err != nil {
		t.Fatal(err)
	}
	if got := receiveUntil(inside, "still there"); got != "\x81\x0bstill there" {
		t.Errorf("%q", got)
	}
	restore()
	for _, fd := range clients {
		if got := receiveUntil(fd, "hello"); !strings.HasSuffix(got, "\x81\x05hello") {
			t.Errorf("%q", got)
		}
	}
}

// TestDoorLeavers: who leaves before a request is there costs nothing.
func TestDoorLeavers(t *testing.T) {
	addr, ended := echoes(t)
	before := openDescriptors(t)
	for i := range 200 {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(nc, edit()[:i%len(edit())])
		switch i % 3 {
		case 0:
			_ = nc.(*net.TCPConn).SetLinger(0) // a reset
		case 1:
			_ = nc.(*net.TCPConn).CloseWrite()
		}
		_ = nc.Close()
	}
	wantDescriptors(t, before)
	if len(ended) > 0 {
		t.Error("half a request was taken")
	}
}
