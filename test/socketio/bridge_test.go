package socketio

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"

	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
)

// People with socket.io-client and with a plain WebSocket are in one room, and recovery does not fail: for who was never
// sent anything, on another transport, after kill -9.
func TestRooms(t *testing.T) {
	t.Parallel()
	for _, client := range []string{newest, of2021} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t)
			harness.Script(t, "node", "bridge.mjs", s.HTTP(""), s.Control(), client)
		})
	}
}

// A bad network cuts connections in the middle of whatever they carry; the reader has each message once.
func TestReconnects(t *testing.T) {
	t.Parallel()
	for transports, n := range map[string]int{"websocket": 1000, "polling,websocket": 500} {
		t.Run(transports, func(t *testing.T) {
			t.Parallel()
			s := harness.Start(t)
			bad, err := hostile.New(s.Addr, weather)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(bad.Close)
			control := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { bad.CutAll() }))
			t.Cleanup(control.Close)
			t.Log(harness.Script(t, "node", "reconnect.mjs", bad.URL("http", ""), s.HTTP(""), control.URL, transports, strconv.Itoa(n)))
		})
	}
}

// weather is hostile's, but nothing is held back for seconds.
func weather(x hostile.Exchange) hostile.Fault {
	f := hostile.Random(1)(x)
	switch f.Act {
	case hostile.Swallow, hostile.Buffer:
		f.Act, f.Hold = hostile.Cut, 0
	}
	return f
}

// The Python client, over both transports.
func TestPython(t *testing.T) {
	t.Parallel()
	url := "http://" + harness.SocketIO(t, "--timeout", "1m")
	for _, transport := range []string{"polling", "websocket"} {
		harness.Script(t, "/usr/bin/python3", "client.py", url, transport)
	}
}

// A program's own namespace recovers its sockets with their rooms and Data: quiet ones too, on another transport, and after kill -9
// with a journal in a store.
func TestRecoverable(t *testing.T) {
	t.Parallel()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	harness.Script(t, "node", "keeper.mjs", self, newest)
	harness.Script(t, "node", "keeper.mjs", self, newest, t.TempDir())
}
