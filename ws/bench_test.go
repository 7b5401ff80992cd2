package ws

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/vechehq/veche/internal/autobahn"
	"github.com/vechehq/veche/ws/internal/simd"
)

// BenchmarkEcho: one connection over loopback, messages of 128 bytes, depth of them under way.
func BenchmarkEcho(b *testing.B) {
	for _, depth := range []int{1, 16} {
		b.Run(fmt.Sprint("depth", depth), func(b *testing.B) {
			c, far := benchPair(b)
			c.Start(&echoHandler{make(chan error, 1)})
			defer c.CloseNow()
			out := bytes.Repeat(rawFrame(0x82, true, strings.Repeat("x", 128)), depth)
			in := make([]byte, depth*130+depth*2) // 126 and more take a length of two bytes
			b.ReportAllocs()
			for b.Loop() {
				if _, err := far.Write(out); err != nil {
					b.Fatal(err)
				}
				if _, err := io.ReadFull(far, in); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/msg")
		})
	}
}

// BenchmarkEchoDeflate: the same with 1 KiB, compressed without takeover.
func BenchmarkEchoDeflate(b *testing.B) {
	c, far := benchPair(b)
	c.agree(&deflateParams{serverNoTakeover: true, clientNoTakeover: true})
	c.in.intake = c.newIntake()
	c.Start(&echoHandler{make(chan error, 1)})
	defer c.CloseNow()
	out := rawFrame(0xC1, true, (&autobahn.Zlib{}).Deflate(autobahn.Chat(1<<10, 1)))
	if _, err := far.Write(out); err != nil {
		b.Fatal(err)
	}
	in := make([]byte, 1<<10)
	n, err := far.Read(in) // it fits in one segment
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := far.Write(out); err != nil {
			b.Fatal(err)
		}
		if _, err := io.ReadFull(far, in[:n]); err != nil {
			b.Fatal(err)
		}
	}
}

// fanOut is a handler that sends one prepared message per wake.
type fanOut struct {
	message *Prepared
	left    *atomic.Int64
	done    chan struct{}
}

func (f *fanOut) Message(*Conn, MessageType, []byte) {}
func (f *fanOut) Closed(*Conn, error)                {}
func (f *fanOut) Drain(c *Conn) bool {
	_ = c.SendPrepared(f.message)
	if f.left.Add(-1) == 0 {
		f.done <- struct{}{}
	}
	return false
}

// BenchmarkFanOut: 128 bytes to 1,000 connections by Wake and Drain, beside bare writes. Their peers
// only read.
func BenchmarkFanOut(b *testing.B) {
	const members = 1000
	payload := []byte(strings.Repeat("x", 128))
	f := &fanOut{message: NewPrepared(Binary, payload), left: new(atomic.Int64), done: make(chan struct{}, 1)}
	conns := make([]*Conn, members)
	f.left.Store(members)
	for i := range conns {
		c, far := benchPair(b)
		go func() { _, _ = io.Copy(io.Discard, bufio.NewReaderSize(far, 4<<10)) }()
		c.Start(f)
		defer c.CloseNow()
		conns[i] = c
	}
	<-f.done // each was drained once at its start
	b.Run("wake", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			f.left.Store(members)
			for _, c := range conns {
				c.Wake()
			}
			<-f.done
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*members), "ns/delivery")
	})
	b.Run("bare", func(b *testing.B) {
		frame := f.message.plain.b
		b.ReportAllocs()
		for b.Loop() {
			for _, c := range conns {
				if _, err := c.NetConn().Write(frame); err != nil {
					b.Fatal(err)
				}
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*members), "ns/delivery")
	})
}

func BenchmarkParse(b *testing.B) {
	for _, size := range []int{128, 4 << 10} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			frame := rawFrame(0x81, true, strings.Repeat("x", size))
			p := &parser{side: Server, max: 1 << 20}
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				frame = frame[:len(frame):len(frame)]
				if _, _, ok, err := p.feed(frame); !ok || err != nil {
					b.Fatal(err)
				}
				simd.Mask(0x3d21fa37, frame[len(frame)-size:]) // as it was
			}
		})
	}
}

func BenchmarkDeflate(b *testing.B) {
	for _, takeover := range []bool{false, true} {
		b.Run(map[bool]string{false: "alone", true: "takeover"}[takeover], func(b *testing.B) {
			d := &deflater{takeover: takeover, window: maxWindow}
			text := []byte(autobahn.Chat(1024, 1))
			out := newBuffer()
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				out.b = out.b[:0]
				d.message(out, text)
				d.remember(text)
			}
			b.ReportMetric(float64(len(out.b))/float64(len(text)), "ratio")
		})
	}
}

// BenchmarkIdle reports what 2,000 idle connections hold, after one message each.
func BenchmarkIdle(b *testing.B) {
	const n = 2000
	for b.Loop() {
		before := inUse()
		conns := make([]*Conn, n)
		for i := range conns {
			c, far := benchPair(b)
			c.Start(&echoHandler{make(chan error, 1)})
			_, _ = far.Write(rawFrame(0x81, true, "hello"))
			if _, err := io.ReadFull(far, make([]byte, 7)); err != nil {
				b.Fatal(err)
			}
			conns[i] = c
		}
		b.ReportMetric(float64(inUse()-before)/n, "B/conn")
		for _, c := range conns {
			_ = c.CloseNow()
		}
	}
}

// inUse is heap and stacks.
func inUse() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapInuse + m.StackInuse
}

func benchPair(b *testing.B) (*Conn, net.Conn) {
	b.Helper()
	fds := [2]net.Conn{}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	if fds[0], err = net.Dial("tcp", l.Addr().String()); err != nil {
		b.Fatal(err)
	}
	if fds[1], err = l.Accept(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { fds[0].Close() })
	return newConn(fds[1], Server, "", Options{}, nil, nil), fds[0]
}

// BenchmarkTurn is what the engine itself does with what one receive has brought, between the kernel's
// two calls: messages of 128 bytes are unmasked, checked, handed over and echoed.
func BenchmarkTurn(b *testing.B) {
	for _, depth := range []int{1, 16} {
		b.Run(fmt.Sprint("depth", depth), func(b *testing.B) {
			c, _ := benchPair(b)
			c.handler = &echoHandler{}
			c.flags.Or(corked)
			in := bytes.Repeat(rawFrame(0x81, true, strings.Repeat("x", 128)), depth)
			work := make([]byte, len(in))
			b.ReportAllocs()
			for b.Loop() {
				copy(work, in)
				c.in.rest = work
				if err := c.consume(); err != nil {
					b.Fatal(err)
				}
				c.flags.And(^uint32(dirty))
				out := c.out.take()
				c.out.wrote(len(out.b))
				out.free()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*depth), "ns/msg")
		})
	}
}
