package ws

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// deferring serves /poll through a door: the handler defers its answer, and the Deferred comes out. It takes what
// net/http has too.
func deferring(t *testing.T, change ...func(*http.Server)) (addr string, deferred chan Deferred) {
	t.Helper()
	deferred = make(chan Deferred, 1000)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Path", r.URL.Path)
		if c, err := Accept(w, r, nil); err == nil {
			c.Start(&echoHandler{make(chan error, 1)})
			return
		}
	})
	mux := http.NewServeMux()
	mux.Handle("/ws", h)
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a page") })
	mux.HandleFunc("/poll", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Remote", r.RemoteAddr)
		d, ok := Defer(w)
		w.Header().Set("X-Way", "door")
		if !ok {
			w.Header().Set("X-Way", "net/http")
			if d, ok = Adopt(w, r); !ok {
				_, _ = io.WriteString(w, "here")
				return
			}
		}
		deferred <- d
	})
	door := doorway(func(l net.Listener, srv *http.Server, _ ...string) net.Listener {
		srv.BaseContext = DoorContext
		return Door(l, srv, "/poll")
	})
	return door.serve(t, mux, change...), deferred
}

// caller is a client of HTTP/1.1 on one connection.
type caller struct {
	t  *testing.T
	nc net.Conn
	br *bufio.Reader
}

func call(t *testing.T, addr string) *caller {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	return &caller{t, nc, bufio.NewReader(nc)}
}

func (c *caller) get(target string, lines ...string) {
	_, _ = io.WriteString(c.nc, "GET "+target+" HTTP/1.1\r\nHost: a\r\n"+strings.Join(append(lines, "\r\n"), "\r\n"))
}

func (c *caller) want(text, way string) *http.Response {
	c.t.Helper()
	res, err := http.ReadResponse(c.br, nil)
	if err != nil {
		c.t.Fatalf("instead of %q: %v", text, err)
	}
	body, err := io.ReadAll(res.Body)
	if len(body) > 100 || len(text) > 100 {
		if string(body) != text || err != nil {
			c.t.Fatalf("%d bytes, want %d: %v", len(body), len(text), err)
		}
		return res
	}
	if string(body) != text || res.Header.Get("X-Way") != way || err != nil {
		c.t.Fatalf("%q by %q, want %q by %q, %v", body, res.Header.Get("X-Way"), text, way, err)
	}
	return res
}

func say(d Deferred, text string) {
	_, _ = io.WriteString(d, text)
	d.Done()
}

// TestDefer: handlers return before they have answered; on one connection such requests and others follow each
// other, some sent before the answer; net/http has the others, and gives the connection back.
func TestDefer(t *testing.T) {
	addr, deferred := deferring(t)
	c := call(t, addr)
	for i, way := range []string{"door", "door", "net/http", "door"} {
		if way == "net/http" {
			c.get("/page")
			c.want("a page", "")
		}
		c.get("/poll?n=1")
		d := <-deferred
		c.get("/poll?n=2") // too early
		say(d, fmt.Sprint("first ", i))
		res := c.want(fmt.Sprint("first ", i), way)
		if remote := res.Header.Get("X-Remote"); remote != c.nc.LocalAddr().String() || res.Header.Get("Date") == "" {
			t.Error(res.Header)
		}
		say(<-deferred, "second")
		c.want("second", "door")
	}
	c.get("/poll", "Connection: close") // net/http's, and not adopted
	if res := c.want("here", "net/http"); !res.Close {
		t.Error(res.Header)
	}
	c = call(t, addr)
	c.get("/poll")
	say(<-deferred, "then a WebSocket")
	c.want("then a WebSocket", "door")
	_, _ = io.WriteString(c.nc, edit("GET /ws HTTP/1.1"))
	if res, err := http.ReadResponse(c.br, nil); err != nil || res.StatusCode != 101 {
		t.Fatal(res, err)
	}
	p := &peer{t: t, nc: c.nc, br: c.br, mask: true}
	p.write(p.fr(0x81, "hello"))
	p.want("the same connection", 0x81, "hello")
}

// TestDeferCosts: neither waiting for an answer nor being between two requests takes a goroutine.
func TestDeferCosts(t *testing.T) {
	addr, deferred := deferring(t)
	const n = 200
	before := runtime.NumGoroutine()
	callers, waiting := make([]*caller, n), make([]Deferred, n)
	for i := range callers {
		callers[i] = call(t, addr)
		callers[i].get("/poll")
		waiting[i] = <-deferred
	}
	wantGoroutines(t, before+2*maxIdle)
	for i, c := range callers {
		say(waiting[i], "x")
		c.want("x", "door")
	}
	wantGoroutines(t, before+2*maxIdle)
}

// wantGoroutines waits until there are no more than that.
func wantGoroutines(t *testing.T, n int) {
	t.Helper()
	late := time.After(time.Minute)
	again := time.NewTicker(time.Millisecond) // nobody tells of a goroutine's end
	defer again.Stop()
	for runtime.NumGoroutine() > n {
		select {
		case <-again.C:
		case <-late:
			t.Fatalf("%d goroutines, want at most %d", runtime.NumGoroutine(), n)
		}
	}
}

// TestDeferLeft: a client that leaves is told of at once, or when one asks; nothing of it is kept.
func TestDeferLeft(t *testing.T) {
	addr, deferred := deferring(t)
	before := openDescriptors(t)
	for _, adopted := range []bool{false, true} {
		c := call(t, addr)
		if adopted {
			c.get("/page")
			c.want("a page", "")
		}
		left := make(chan struct{}, 2)
		c.get("/poll")
		d := <-deferred
		d.OnLeave(func() { left <- struct{}{} })
		_ = c.nc.Close()
		<-left
		d.OnLeave(func() { left <- struct{}{} })
		<-left
		say(d, "to nobody")
	}
	wantDescriptors(t, before)
}

// TestDeferHalfClosed: who ends its direction after its requests has its answers, as from net/http.
func TestDeferHalfClosed(t *testing.T) {
	addr, deferred := deferring(t)
	c := call(t, addr)
	for range 3 {
		c.get("/poll")
	}
	_ = c.nc.(*net.TCPConn).CloseWrite()
	for i := range 3 {
		d := <-deferred
		left := make(chan struct{})
		d.OnLeave(func() { close(left) })
		<-left
		text := strings.Repeat(fmt.Sprint(i), 1+i<<20) // the last two do not fit into the kernel's buffers
		say(d, text)
		c.want(text, "door")
	}
	if _, err := c.br.ReadByte(); err != io.EOF {
		t.Errorf("after the last answer: %v", err)
	}
}

// TestDeferSlow: an answer that the client does not take waits for it, not for longer than WriteTimeout, and holds up
// nobody.
func TestDeferSlow(t *testing.T) {
	addr, deferred := deferring(t, func(s *http.Server) { s.WriteTimeout = 5 * time.Second })
	large := strings.Repeat("large ", 4_000_000/6)
	patient, gone := call(t, addr), call(t, addr)
	for _, c := range []*caller{patient, gone} {
		_ = c.nc.(*net.TCPConn).SetReadBuffer(64 << 10)
		c.get("/poll")
		d := <-deferred
		d.Header().Set("Content-Length", fmt.Sprint(len(large)))
		say(d, large)
	}
	patient.get("/poll")
	patient.want(large, "door")
	say(<-deferred, "after it")
	patient.want("after it", "door")
	before := openDescriptors(t)
	c := call(t, addr)
	c.get("/poll")
	say(<-deferred, "quick")
	c.want("quick", "door")
	_ = c.nc.Close()
	wantDescriptors(t, before-1) // it has read nothing meanwhile
	if n, err := io.Copy(io.Discard, gone.br); n >= int64(len(large)) || isTimeout(err) {
		t.Errorf("%d bytes, %v", n, err)
	}
}

// TestDeferIdle: a connection without a request is closed after IdleTimeout, one with a part of it after
// ReadHeaderTimeout, and after an answer that says so.
func TestDeferIdle(t *testing.T) {
	const idle = 2 * time.Second
	addr, deferred := deferring(t, func(s *http.Server) {
		s.IdleTimeout, s.ReadHeaderTimeout = idle, 3*time.Second
	})
	for _, part := range []string{"", "GET /po"} {
		c := call(t, addr)
		c.get("/poll")
		begin := time.Now()
		say(<-deferred, "x")
		c.want("x", "door")
		_, _ = io.WriteString(c.nc, part)
		rest, err := io.ReadAll(c.br)
		if took := time.Since(begin); err != nil || (part == "") != (len(rest) == 0) || took < idle {
			t.Errorf("after %q and %v: %q, %v", part, took, rest, err)
		}
	}
	c := call(t, addr)
	c.get("/poll")
	d := <-deferred
	d.Header().Set("Connection", "close")
	c.get("/poll") // it does not count any more, and does not make a reset of it
	say(d, "last")
	c.want("last", "door")
	if rest, err := io.ReadAll(c.br); err != nil || len(rest) > 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

// TestDeferPanics: a handler that panics costs its connection, also when it has deferred its answer.
func TestDeferPanics(t *testing.T) {
	for _, defers := range []bool{false, true} {
		later := make(chan Deferred, 1)
		addr := doorway(answering).serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if defers {
				d, _ := Defer(w)
				later <- d
			}
			panic("of the handler")
		}))
		c := call(t, addr)
		c.get("/1")
		if rest, err := io.ReadAll(c.br); len(rest) > 0 || isTimeout(err) {
			t.Errorf("%q, %v", rest, err)
		}
		if defers {
			say(<-later, "too late")
		}
	}
}

// TestDeferClose: closing the server tells those who wait, whose answers go nowhere then, and gives all
// descriptors back.
func TestDeferClose(t *testing.T) {
	before := openDescriptors(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	deferred := make(chan Deferred)
	srv := &http.Server{BaseContext: DoorContext}
	srv.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if d, ok := Defer(w); ok {
			deferred <- d
		} else if d, ok := Adopt(w, r); ok {
			deferred <- d
		}
	})
	l = Door(l, srv, "/poll")
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	var left sync.WaitGroup
	var all []Deferred
	for _, path := range []string{"/poll", "/other"} {
		c := call(t, l.Addr().String())
		c.get(path)
		d := <-deferred
		left.Add(1)
		d.OnLeave(left.Done)
		all = append(all, d)
		defer c.nc.Close()
	}
	idle := call(t, l.Addr().String())
	idle.get("/poll")
	say(<-deferred, "x")
	idle.want("x", "")
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	<-served
	left.Wait()
	for _, d := range all {
		say(d, "too late")
	}
	if rest, err := io.ReadAll(idle.br); len(rest) > 0 || isTimeout(err) {
		t.Errorf("%q, %v", rest, err)
	}
	_ = idle.nc.Close()
	wantDescriptors(t, before+3) // the clients' own
}

// TestDeferMany: many connections whose answers come from elsewhere, while they come and go.
func TestDeferMany(t *testing.T) {
	addr, deferred := deferring(t)
	before := openDescriptors(t)
	var answering, calling sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		answering.Go(func() {
			for {
				select {
				case d := <-deferred:
					d.OnLeave(func() {})
					say(d, "x")
				case <-stop:
					return
				}
			}
		})
	}
	for i := range 64 {
		calling.Go(func() {
			for j := range 20 {
				nc, err := net.Dial("tcp", addr)
				if err != nil {
					t.Error(err)
					return
				}
				_ = nc.SetDeadline(time.Now().Add(time.Minute))
				br := bufio.NewReader(nc)
				for k := range 1 + (i+j)%5 {
					_, _ = io.WriteString(nc, "GET /poll HTTP/1.1\r\nHost: a\r\n\r\n")
					if (i+j+k)%7 == 0 {
						break // without waiting for the answer
					}
					res, err := http.ReadResponse(br, nil)
					if err != nil {
						t.Error(err)
						break
					}
					_, _ = io.Copy(io.Discard, res.Body)
				}
				_ = nc.Close()
			}
		})
	}
	calling.Wait()
	wantDescriptors(t, before)
	close(stop)
	answering.Wait()
}
