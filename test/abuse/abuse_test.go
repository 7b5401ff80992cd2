package abuse

import (
	"bytes"
	"compress/flate"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"github.com/vechehq/veche/test/harness"
	"github.com/vechehq/veche/test/peer"
)

func TestMain(m *testing.M) { os.Exit(harness.Main(m)) }

const mib = 1 << 20

// Fifty who do not read, in a room where 40 MiB are said: were each given a queue without a bound,
// the server would hold 2 GiB. What it holds for each is an outbox and a send buffer of 1 MiB.
func TestClientsThatNeverRead(t *testing.T) {
	for _, path := range []string{"/ws?room=busy", "/raw/busy"} {
		t.Run(strings.TrimPrefix(path, "/"), func(t *testing.T) {
			s := harness.Start(t)
			others := meet(t, s, "busy")
			bounded(t, s, 256*mib, func() {
				for range 50 {
					open(t, s, path, "")
				}
				long := strings.Repeat("x", 40<<10)
				for i := range 1000 {
					others.say(fmt.Sprint(i, long))
				}
			})
			others.talk(100)
		})
	}
}

// One who asks and asks and does not read the answers: the server stops reading their requests.
func TestAClientThatAsksAndNeverReads(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "busy")
	for range 100 {
		others.say(strings.Repeat("x", 20<<10))
	}
	bounded(t, s, 128*mib, func() {
		k := open(t, s, "/ws?room=busy", "")
		if err := k.SetWriteDeadline(time.Now().Add(2 * time.Second)); err != nil {
			t.Fatal(err)
		}
		ask := text(`{"type":"history","id":1,"room":"busy"}`)
		for i := 0; ; i++ {
			if _, err := k.Write(ask); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Logf("the server stopped reading after %d requests", i)
				return
			} else if err != nil {
				t.Logf("the server ended it after %d requests: %v", i, err)
				return
			}
		}
	})
	others.talk(100)
}

// A thousand who send their handshake byte by byte, one a second: the others do not notice, and
// each is cut off before the handshake is complete.
func TestHandshakesThatTrickle(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	bounded(t, s, 64*mib, func() {
		slow := make([]*socket, 1000)
		for i := range slow {
			slow[i] = connect(t, s)
		}
		stop := trickle(slow, []byte(request(s, "/ws", "")))
		defer stop()
		others.talk(100)
		for _, k := range slow {
			if _, err := io.Copy(io.Discard, k); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Fatal("a handshake may take forever")
			}
		}
	})
}

// A thousand who are in the middle of a message for a long time, by each door that is a WebSocket.
func TestMessagesThatTrickle(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	doors := []string{"/ws?room=calm", "/raw/calm", ioPath}
	bounded(t, s, 128*mib, func() {
		slow := make([]*socket, 1000)
		for i := range slow {
			slow[i] = open(t, s, doors[i%len(doors)], "")
			slow[i].write(header(fin|opText, 1000))
		}
		stop := trickle(slow, bytes.Repeat([]byte("x"), 1000))
		defer stop()
		others.talk(100)
	})
}

// trickle writes the bytes to each connection, one byte a second, until stop or until the server
// has ended the connection.
func trickle(ks []*socket, p []byte) (stop func()) {
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		second := time.NewTicker(time.Second)
		defer second.Stop()
		for i := range p {
			for _, k := range ks {
				k.Write(p[i : i+1]) // those that are cut off are found by reading
			}
			select {
			case <-second.C:
			case <-done:
				return
			}
		}
	})
	return func() { close(done); wg.Wait() }
}

// Messages that are announced or grow above the limit are refused before they are there.
func TestMessagesThatAreTooLarge(t *testing.T) {
	const gib = 1 << 30
	s := harness.Start(t)
	others := meet(t, s, "calm")
	chunk := bytes.Repeat([]byte("x"), 64<<10)
	for _, path := range []string{"/ws", "/raw/large"} {
		bounded(t, s, 32*mib, func() {
			k := open(t, s, path, "")
			k.write(header(fin|opText, gib))
			k.wantClose(1009)

			k = open(t, s, path, "")
			go func() { // until the server has had enough
				first := byte(opText)
				for {
					if _, err := k.Write(append(header(first, len(chunk)), chunk...)); err != nil {
						return
					}
					first = 0
				}
			}()
			k.wantClose(1009)
		})
		others.talk(20)
	}
}

// Half a gigabyte of zeros, in half a megabyte, from ten at a time.
func TestBombs(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	bomb := deflated(t, 512*mib)
	t.Logf("the bomb is %d KiB", len(bomb)>>10)
	for _, path := range []string{"/ws", "/raw/bombs"} {
		bounded(t, s, 64*mib, func() {
			var wg sync.WaitGroup
			for range 10 {
				k := open(t, s, path, "Sec-WebSocket-Extensions: permessage-deflate\r\n")
				wg.Go(func() {
					k.Write(append(header(fin|rsv1|opBinary, len(bomb)), bomb...)) // the server need not take it all
					k.wantClose(1009)
				})
			}
			others.talk(20)
			wg.Wait()
		})
	}
}

// deflated returns n zeros as permessage-deflate has them: without the last four bytes of the
// empty block that ends them (RFC 7692, 7.2.1).
func deflated(t *testing.T, n int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, mib)
	for range n / len(zeros) {
		if _, err := w.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()[:b.Len()-4]
}

// Ten thousand joins over one session: 256 are allowed, a thousand are told that there is a limit, and
// then the session ends with the code that says so.
func TestTenThousandJoins(t *testing.T) {
	const joins, allowed, told = 10_000, 256, 1000
	s := harness.Start(t)
	others := meet(t, s, "calm")
	bounded(t, s, 128*mib, func() {
		c := join(t, s, joins)
		codes := map[string]int{}
		var err error
		for err == nil {
			var o peer.Object
			if o, err = c.Next(t.Context()); o.Type == "ok" || o.Type == "error" || o.Type == "bye" {
				codes[o.Type+o.Code]++
			}
		}
		if codes["ok"] != allowed || codes["errorlimit"] != told || codes["byelimit"] != 1 {
			t.Errorf("answers: %v, want %d ok, %d limit and a bye", codes, allowed, told)
		}
		if code := websocket.CloseStatus(err); code != 4429 {
			t.Errorf("ended by %v, want close code 4429", err)
		}
		others.talk(100)
	})
}

// join asks for rooms on one connection, without waiting for the answers.
func join(t *testing.T, s *harness.Server, rooms int) *peer.Conn {
	t.Helper()
	c, err := peer.Dial(t.Context(), s.WS("/ws"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.WS.CloseNow() })
	go func() {
		for i := range rooms {
			o := peer.Object{Type: "join", ID: json.RawMessage(fmt.Sprint(i)), Room: fmt.Sprint("room", i)}
			if c.Say(t.Context(), o) != nil {
				return // the reader sees why
			}
		}
	}()
	return c
}

// What is not WebSocket, or not the protocol, is closed with the code that says why.
func TestGarbage(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	tests := []struct {
		name  string
		path  string
		bytes []byte
		code  uint16
	}{
		{"a frame without a mask", "/ws", []byte{fin | opText, 2, 'h', 'i'}, 1002},
		{"a reserved opcode", "/ws", header(fin|0x3, 0), 1002},
		{"a reserved bit", "/ws", header(fin|0x10|opText, 0), 1002},
		{"compressed without having agreed", "/ws", header(fin|rsv1|opText, 0), 1002},
		{"a continuation of nothing", "/ws", header(fin, 0), 1002},
		{"a fragmented ping", "/ws", header(0x9, 0), 1002},
		{"a ping that is too long", "/ws", append(header(fin|0x9, 126), make([]byte, 126)...), 1002},
		{"a close code that is none", "/ws", append(header(fin|opClose, 2), 0x03, 0xee), 1002},
		{"text that is no UTF-8", "/ws", text("\xff"), 1007},
		{"binary where there is no such thing", "/ws", header(fin|opBinary, 0), 1003},
		{"sixteen objects that are none", "/ws", bytes.Repeat(text("{"), 16), 1008},
		{"text that is no UTF-8, raw", "/raw/garbage", text("\xc3("), 1007},
		{"a body that is too large, raw", "/raw/garbage", text(strings.Repeat("x", 65537)), 1009},
		{"a since that is no number, raw", "/raw/garbage?since=yesterday", nil, 1008},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			k := open(t, s, tt.path, "")
			k.write(tt.bytes)
			k.wantClose(tt.code)
		})
	}
	others.talk(20)
}

// Noise in place of a request, and in place of frames.
func TestNoise(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	noise := rand.NewChaCha8([32]byte{'n', 'o', 'i', 's', 'e'})
	bounded(t, s, 64*mib, func() {
		for i := range 200 {
			p := make([]byte, 1+i*50)
			noise.Read(p)
			k := connect(t, s)
			if i%2 == 0 {
				k = open(t, s, "/ws", "")
			}
			k.Write(p)                         // may be cut off in between
			k.Conn.(*net.TCPConn).CloseWrite() // likewise
			if _, err := io.Copy(io.Discard, k); errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("noise %d is still listened to", i)
			}
		}
	})
	others.talk(20)
}
