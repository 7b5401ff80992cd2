package ws

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// modes are the ways to serve a socket.
var modes = map[string]Mode{"goroutine": ModeGoroutine, "loop": ModeAuto}

// bothModes runs a story over real sockets in both modes.
func bothModes(t *testing.T, f func(t *testing.T, pair func(Side, Options) (*Conn, *peer))) {
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			f(t, func(s Side, o Options) (*Conn, *peer) {
				o.Mode = mode
				return tcpPair(t, s, o)
			})
		})
	}
}

// TestSockets: on Linux plain sockets sit in loops, unless that is not wanted.
func TestSockets(t *testing.T) {
	for name, mode := range modes {
		c, p := tcpPair(t, Server, Options{Mode: mode})
		c.Start(&echoHandler{make(chan error, 1)})
		p.write(p.fr(0x81, name))
		p.want("echo", 0x81, name)
		want := mode == ModeAuto && runtime.GOOS == "linux"
		if got := c.flags.Load()&looped != 0; got != want {
			t.Errorf("%s: in a loop: %v", name, got)
		}
	}
}

func TestUnixSocket(t *testing.T) {
	for name, mode := range modes {
		l, err := net.Listen("unix", filepath.Join(t.TempDir(), "s"))
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		far, err := net.Dial("unix", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		near, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		c, p := pairOver(t, Server, Options{Mode: mode}, nil, near, far)
		c.Start(&echoHandler{make(chan error, 1)})
		big := strings.Repeat("x", 500_000)
		go p.write(p.fr(0x82, big), p.fr(0x81, name))
		p.want("more than the socket takes", 0x82, big)
		p.want("after it", 0x81, name)
	}
}

// TestEarlyBytes: what came with the handshake is a message like others.
func TestEarlyBytes(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		c.in.rest = p.fr(0x81, "early")
		c.Start(&echoHandler{make(chan error, 1)})
		p.want("early", 0x81, "early")
		p.write(p.fr(0x81, "late"))
		p.want("late", 0x81, "late")
	})
}

// TestWokenBeforeStart: what was asked for before Start is done after it.
func TestWokenBeforeStart(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		for range 50 {
			c, p := pair(Server, Options{})
			d := &drainer{recorder: newRecorder()}
			d.onDrain = func(c *Conn) bool {
				_ = c.Send(Text, []byte("drained"))
				return false
			}
			c.Wake()
			_ = c.Send(Text, []byte("sent"))
			c.Start(d)
			p.want("before", 0x81, "sent")
			p.want("after", 0x81, "drained")
			_ = c.CloseNow()
		}
	})
}

// TestTimeouts of sockets, by the clock: a story with fake time tells them exactly.
func TestTimeouts(t *testing.T) {
	const d = 150 * time.Millisecond
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		for op, o := range map[string]Options{
			"pong":  {PingInterval: d, PongTimeout: d / 2},
			"close": {CloseTimeout: d},
		} {
			c, p := pair(Server, o)
			rec := newRecorder()
			start := time.Now()
			c.Start(rec)
			if op == "close" {
				c.Shut(StatusNormal, "")
			}
			if e := wantAs[*TimeoutError](t, <-rec.closed); e.Op != op {
				t.Errorf("%s: %v", op, e)
			}
			if took := time.Since(start); took < d {
				t.Errorf("%s: after %v already", op, took)
			}
			_ = p.nc.Close()
		}
	})
}

// TestLargeMessages: they come back as they were, whole and in fragments, with control frames between.
func TestLargeMessages(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{MaxMessage: 8 << 20, SendBuffer: 32 << 20})
		c.Start(&echoHandler{make(chan error, 1)})
		for _, size := range []int{readSizes / 2, readSizes, 3*readSizes + 7, 20 * readSizes} {
			text := strings.Repeat("вече 0123456789 ", size/20)
			third := len(text) / 3
			go p.write(p.fr(0x81, text),
				p.fr(0x01, text[:third]), p.fr(0x89, "between"), p.fr(0x00, text[third:2*third]), p.fr(0x80, text[2*third:]),
				p.fr(0x82, "small"))
			pongs := 0
			for _, want := range []string{text, text, "small"} {
				first, got, err := p.read()
				for first == 0x8A { // behind a backlog it comes when that has left
					pongs++
					first, got, err = p.read()
				}
				if err != nil || got != want {
					t.Fatalf("frame %#x of %d bytes, %v; want %d bytes", first, len(got), err, len(want))
				}
			}
			if pongs == 0 {
				p.want("after all", 0x8A, "between")
			}
		}
		go p.write(p.fr(0x81, strings.Repeat("x", 20*readSizes)+"\xff"))
		p.wantClose("not UTF-8 at the end", StatusInvalidData)
	})
}

// readSizes is about what is received at once.
const readSizes = 256 << 10

// TestKeptAlive: a peer that answers pings stays.
func TestKeptAlive(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{PingInterval: 3 * time.Second})
		rec := newRecorder()
		c.Start(rec)
		for range 2 {
			p.want("ping", 0x89, "")
			p.write(p.fr(0x8A, ""))
		}
		if len(rec.closed) != 0 {
			t.Fatal(<-rec.closed)
		}
		pinged := make(chan error, 1)
		go func() { pinged <- c.Ping(t.Context()) }()
		for {
			first, payload, err := p.read()
			if err != nil || first != 0x89 {
				t.Fatalf("frame %#x, %v", first, err)
			}
			p.write(p.fr(0x8A, payload))
			if payload != "" {
				break
			}
		}
		if err := <-pinged; err != nil {
			t.Fatal(err)
		}
	})
}

// TestWriteBesideHandler: Write waits for the system in the push form too, and obeys its context.
func TestWriteBesideHandler(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{SendBuffer: 1000, WriteTimeout: time.Minute})
		rec := newRecorder()
		c.Start(rec)
		big := strings.Repeat("x", 1<<20)
		wrote := make(chan error, 1)
		go func() { wrote <- c.Write(t.Context(), Binary, []byte(big)) }()
		p.want("above SendBuffer", 0x82, big)
		if err := <-wrote; err != nil {
			t.Fatal(err)
		}
		huge := make([]byte, 32<<20) // more than the system takes while nobody reads
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
		defer cancel()
		if err := c.Write(ctx, Binary, huge); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("cut off: %v", err)
		}
		if err := <-rec.closed; !errors.Is(err, ErrClosed) {
			t.Fatal(err)
		}
	})
}

// TestCloseWaitsInPushForm: Close returns when the peer has answered and the socket is released.
func TestCloseWaitsInPushForm(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		rec := newRecorder()
		c.Start(rec)
		_ = c.Send(Text, []byte("before"))
		closed := make(chan error, 1)
		go func() { closed <- c.Close(4001, "enough") }()
		p.want("before", 0x81, "before")
		p.wantClose("close", 4001)
		p.write(p.fr(0x81, "dropped"), p.fr(0x88, closePayload(4001, "")))
		p.wantEnd("the server ends the connection")
		_ = p.nc.Close()
		if err := <-closed; err != nil {
			t.Fatal(err)
		}
		if e := wantAs[*CloseError](t, <-rec.closed); e.Code != 4001 || len(rec.messages) != 0 {
			t.Fatalf("%v, %d messages", e, len(rec.messages))
		}
	})
}

// TestHandlerPanics: whatever panics, its connection is closed with 1011, it is told so, and the others
// of the same loop go on.
func TestHandlerPanics(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		var log bytes.Buffer
		o := Options{Log: slog.New(slog.NewTextHandler(&log, nil))}
		var others []*peer
		for range 4 {
			c, p := pair(Server, Options{})
			c.Start(&echoHandler{make(chan error, 1)})
			others = append(others, p)
		}
		c, p := pair(Server, o)
		rec := newRecorder()
		rec.on = func(*Conn, MessageType, []byte) { panic("in Message") }
		c.Start(rec)
		p.write(p.fr(0x81, "x"), p.fr(0x81, "never delivered"))
		p.wantClose("panic", StatusInternal)
		p.write(p.fr(0x88, closePayload(1011, "")))
		_ = p.nc.Close()
		if e := wantAs[*PanicError](t, <-rec.closed); e.Value != "in Message" || !strings.Contains(string(e.Stack), "TestHandlerPanics") {
			t.Errorf("%v\n%s", e, e.Stack)
		}
		if !strings.Contains(log.String(), "in Message") {
			t.Errorf("log: %s", log.String())
		}

		c, p = pair(Server, o)
		d := &drainer{recorder: newRecorder(), onDrain: func(*Conn) bool { panic("in Drain") }}
		c.Start(d)
		p.wantClose("panic", StatusInternal)
		_ = p.nc.Close()
		if e := wantAs[*PanicError](t, <-d.closed); e.Value != "in Drain" {
			t.Error(e)
		}

		c, _ = pair(Server, o)
		c.Start(closedPanics{})
		_ = c.CloseNow()
		<-c.Done()
		for _, p := range others {
			p.write(p.fr(0x81, "still there"))
			p.want("others", 0x81, "still there")
		}
	})
}

type closedPanics struct{}

func (closedPanics) Message(*Conn, MessageType, []byte) {}
func (closedPanics) Closed(*Conn, error)                { panic("in Closed") }

// TestNetConn: what NetConn returns has the addresses, and reaches the socket's options while it lives.
func TestNetConn(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		c, p := pair(Server, Options{})
		before := c.NetConn()
		c.Start(newRecorder())
		nc, ok := c.NetConn().(*net.TCPConn)
		if !ok || nc.SetNoDelay(false) != nil || c.NetConn() != net.Conn(nc) {
			t.Fatalf("%T", c.NetConn())
		}
		for _, a := range []net.Addr{nc.RemoteAddr(), before.RemoteAddr(), c.RemoteAddr()} {
			if a.String() != p.nc.LocalAddr().String() {
				t.Errorf("remote address %v", a)
			}
		}
		_ = c.CloseNow()
		<-c.Done()
		if c.LocalAddr().String() != p.nc.RemoteAddr().String() || c.NetConn() == nil {
			t.Error("addresses are gone after the end")
		}
	})
}

// TestPauseInTheMiddle: a pause keeps what has come with the message that made it, and what comes
// later, for everybody who uses the same buffer.
func TestPauseInTheMiddle(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		const n = 8
		conns, peers, recs := [n]*Conn{}, [n]*peer{}, [n]*recorder{}
		for i := range n {
			conns[i], peers[i] = pair(Server, Options{})
			rec := newRecorder()
			rec.on = func(c *Conn, _ MessageType, data []byte) {
				if string(data) == "pause" {
					c.Pause()
				}
				rec.messages <- string(data)
			}
			recs[i] = rec
			conns[i].Start(rec)
		}
		for i, p := range peers {
			raw := bytes.Join([][]byte{p.fr(0x81, "pause"), p.fr(0x81, "kept"), p.fr(0x81, strings.Repeat("y", 200))}, nil)
			p.write(raw[:len(raw)-50-i])
			<-recs[i].messages
			p.write(raw[len(raw)-50-i:])
		}
		for i, c := range conns {
			c.Resume()
			for _, want := range []string{"kept", strings.Repeat("y", 200)} {
				if got := <-recs[i].messages; got != want {
					t.Fatalf("%q, want %q", got, want)
				}
			}
		}
	})
}

// TestManyAtOnce: connections come, talk, and go in all ways at once, and each is told its end once.
func TestManyAtOnce(t *testing.T) {
	bothModes(t, func(t *testing.T, pair func(Side, Options) (*Conn, *peer)) {
		const n = 60
		ended := make(chan error, 2*n)
		for i := range n {
			c, p := pair(Server, Options{})
			c.Start(&echoHandler{ended})
			go func() {
				for range 20 {
					c.Wake()
					_ = c.Send(Text, []byte("from the side"))
				}
			}()
			go func() {
				_, _ = p.nc.Write(p.fr(0x81, strings.Repeat("z", i*1000)))
				switch i % 4 {
				case 0:
					_ = p.nc.Close()
				case 1:
					_ = c.CloseNow()
				case 2:
					_, _ = p.nc.Write(p.fr(0x88, closePayload(1000, "")))
					_, _ = io.Copy(io.Discard, p.nc)
					_ = p.nc.Close()
				case 3:
					_, _ = p.nc.Write([]byte{0xFF, 0xFF})
					_ = p.nc.(*net.TCPConn).SetLinger(0)
					_ = p.nc.Close()
				}
			}()
		}
		for range n {
			if err := <-ended; err == nil {
				t.Error("no reason")
			}
		}
	})
}
