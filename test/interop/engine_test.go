// The engine alone, bench/echo, against strangers: as server and as client, plain and compressed.

package interop

import (
	"bytes"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// modes are what serves the echo's connections.
var modes = []string{"loop", "goroutine"}

// compressions are the arguments for the echo and the word for a stranger's script.
var compressions = map[string][]string{"plain": nil, "deflate": {"--deflate"}}

// settings has a test run with each mode and compression.
func settings(t *testing.T, run func(t *testing.T, compression string, args []string)) {
	for _, mode := range modes {
		for compression, args := range compressions {
			t.Run(mode+", "+compression, func(t *testing.T) { run(t, compression, append([]string{"--mode", mode}, args...)) })
		}
	}
}

// script runs a script with its interpreter.
func script(interpreter, name string) func(*testing.T, ...string) {
	return func(t *testing.T, args ...string) {
		harness.Script(t, interpreter, append([]string{name}, args...)...)
	}
}

// Strangers of other languages, by what runs them. As servers, they start the echo's client themselves.
var (
	scriptClients = map[string]func(t *testing.T, args ...string){
		"npm ws":            func(t *testing.T, args ...string) { node(t, "npm", "engine_client.mjs", args...) },
		"Node":              func(t *testing.T, args ...string) { node(t, "node", "engine_client.mjs", args...) },
		"Chromium":          script("node", "engine_chromium.mjs"),
		"Python websockets": script(debianPython, "engine_websockets.py"),
		"Python wsproto":    script(debianPython, "engine_wsproto.py"),
	}
	scriptServers = map[string]func(t *testing.T, args ...string){
		"npm ws":            script("node", "engine_server.mjs"),
		"Python websockets": script(debianPython, "engine_websockets.py"),
		"Python wsproto":    script(debianPython, "engine_wsproto.py"),
	}
)

// TestEngineScripts lets strangers of other languages talk to the echo.
func TestEngineScripts(t *testing.T) {
	settings(t, func(t *testing.T, compression string, args []string) {
		addr := harness.Echo(t, args...)
		for name, run := range scriptClients {
			t.Run(name+" as client", func(t *testing.T) { run(t, "ws://"+addr, compression) })
		}
		for name, run := range scriptServers {
			t.Run(name+" as server", func(t *testing.T) {
				run(t, append([]string{"serve", compression, harness.EchoBinary(t)}, args...)...)
			})
		}
	})
}

// TestEngineWindows: strangers and the echo agree on small windows both ways. Zlib by itself has the
// echo keep to every window, at every byte.
func TestEngineWindows(t *testing.T) {
	for _, mode := range modes {
		t.Run(mode, func(t *testing.T) { windows(t, "--deflate", "--mode", mode) })
	}
}

func windows(t *testing.T, deflate ...string) {
	const bits = "10"
	small := append(slices.Clone(deflate), "--window", bits)
	addr := harness.Echo(t, small...)
	for name, run := range scriptClients {
		t.Run(name+" as client", func(t *testing.T) { run(t, "ws://"+addr, bits) })
	}
	for name, run := range scriptServers {
		t.Run(name+" as server", func(t *testing.T) {
			run(t, append([]string{"serve", bits, harness.EchoBinary(t)}, small...)...)
		})
	}
	zlib := script(debianPython, "engine_windows.py")
	t.Run("zlib as client", func(t *testing.T) { zlib(t, "ws://"+harness.Echo(t, deflate...)) })
	t.Run("zlib as server", func(t *testing.T) {
		zlib(t, append([]string{"serve", harness.EchoBinary(t)}, deflate...)...)
	})
}

// TestEngineGo is the same with other libraries of Go.
func TestEngineGo(t *testing.T) {
	settings(t, func(t *testing.T, compression string, args []string) {
		addr := harness.Echo(t, args...)
		for _, l := range libraries {
			t.Run(l.name+" as client", func(t *testing.T) {
				s, extensions, err := l.dial("ws://"+addr, compression == "deflate")
				if err != nil {
					t.Fatal(err)
				}
				if strings.Contains(extensions, "permessage-deflate") != (compression == "deflate") {
					t.Errorf("agreed on %q", extensions)
				}
				converse(t, s)
			})
			t.Run(l.name+" as server", func(t *testing.T) { beServer(t, l, compression, args) })
		}
	})
}

func beServer(t *testing.T, l library, compression string, args []string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	accepted := make(chan stranger, 1)
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(accepted)
		if offer := r.Header.Get("Sec-WebSocket-Extensions"); (offer != "") != (compression == "deflate") {
			t.Errorf("the client offers %q", offer)
		}
		s, err := l.accept(w, r, compression == "deflate")
		if err != nil {
			t.Error(err)
			return
		}
		accepted <- s
	})}
	go srv.Serve(listener)
	defer srv.Close()
	wait := harness.EchoClient(t, "ws://"+listener.Addr().String(), args...)
	defer wait()
	if s, ok := <-accepted; ok {
		converse(t, s)
	}
}

// converse has all kinds of messages echoed and closes.
func converse(t *testing.T, s stranger) {
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	long := strings.Repeat("a word and ", 40_000)
	for _, m := range []message{
		{true, []byte("вече")}, {true, nil}, {false, every}, {true, []byte(long[:5000])}, {false, bytes.Repeat(every, 900)},
		{true, []byte(long)}, {false, nil},
	} {
		echoed(t, s, m, "whole", s.send)
		if len(m.data) > 0 {
			echoed(t, s, m, "in fragments", s.sendFragments)
		}
	}
	if err := s.close(); err != nil {
		t.Errorf("close: %v", err)
	}
}

func echoed(t *testing.T, s stranger, m message, how string, send func(message) error) {
	t.Helper()
	if err := send(m); err != nil {
		t.Fatal(err)
	}
	got, err := s.receive()
	if err != nil {
		t.Fatal(err)
	}
	if got.text != m.text || !bytes.Equal(got.data, m.data) {
		t.Fatalf("%v, sent %s, came back as %v", m, how, got)
	}
}

type message struct {
	text bool
	data []byte
}

func (m message) String() string {
	return fmt.Sprintf("message %.20q (%d bytes, text %v)", m.data, len(m.data), m.text)
}
