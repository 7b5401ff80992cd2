package abuse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// Two hundred at each door who say nothing, or begin a request and let its body trickle, one byte a second,
// whether the request should have a body or not: the others do not notice, and each is cut off or answered
// before it is done.
func TestSlowlorisAtEveryDoor(t *testing.T) {
	s := harness.Start(t)
	body := "Content-Length: 1000\r\n"
	chunked := "Transfer-Encoding: chunked\r\n"
	doors := map[string]string{
		"silence":             "",
		"half a line":         "GET /w",
		"send":                head(s, "POST /send", body),
		"send, chunked":       head(s, "POST /send", chunked) + "400\r\n",
		"socket.io":           head(s, "POST /socket.io/?EIO=4&transport=polling&sid="+sid(t, s), body),
		"socket.io handshake": head(s, "GET /socket.io/?EIO=4&transport=polling", body),
		"events":              head(s, "GET /events?room=calm", body),
		"poll":                head(s, "GET /poll?rooms=calm&wait=1", body),
		"poll, chunked":       head(s, "GET /poll?rooms=calm&wait=1", chunked) + "400\r\n",
		"page":                head(s, "GET /", body),
		"upgrade":             request(s, "/ws", body),
		"upgrade, raw":        request(s, "/raw/calm", body),
		"upgrade, socket.io":  request(s, ioPath, body),
	}
	others := meet(t, s, "calm")
	bounded(t, s, 128*mib, func() {
		var all []*socket
		names := map[*socket]string{}
		for name, begin := range doors {
			for range 200 {
				k := connect(t, s)
				k.write([]byte(begin))
				names[k] = name
				all = append(all, k)
			}
		}
		stop := trickle(all, bytes.Repeat([]byte("x"), 1000))
		defer stop()
		others.talk(100)
		stuck := map[string]int{}
		for i, k := range all {
			if i%100 == 0 {
				others.talk(1) // all along
			}
			if _, err := io.Copy(io.Discard, k); errors.Is(err, os.ErrDeadlineExceeded) {
				stuck[names[k]]++
			}
		}
		if len(stuck) > 0 {
			t.Errorf("may go on for ever: %v", stuck)
		}
	})
	others.talk(20)
}

// head is a request's, with more headers.
func head(s *harness.Server, line, headers string) string {
	return line + " HTTP/1.1\r\nHost: " + s.Addr + "\r\n" + headers + "\r\n"
}

// sid opens an Engine.IO session by polling.
func sid(t *testing.T, s *harness.Server) string {
	t.Helper()
	resp, err := http.Get(s.HTTP("/socket.io/?EIO=4&transport=polling"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	_, after, _ := strings.Cut(string(text), `"sid":"`)
	id, _, ok := strings.Cut(after, `"`)
	if !ok {
		t.Fatalf("no sid in %s", text)
	}
	return id
}

// Thirty who read nothing of a stream, of Socket.IO and of polls that bring much, and ask again and
// again: each has what its buffers hold.
func TestReadersThatDoNotRead(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "busy")
	bounded(t, s, 256*mib, func() {
		for range 30 {
			connect(t, s).write([]byte(head(s, "GET /events?room=busy", "")))
			k := open(t, s, "/socket.io/?EIO=4&transport=websocket", "")
			k.write(text(`40{"name":"Lazy"}`))
			k.write(text(`42["join",{"room":"busy"}]`))
			connect(t, s).write([]byte(strings.Repeat(head(s, "GET /poll?rooms=busy:0&wait=1", ""), 100)))
		}
		long := strings.Repeat("x", 40<<10)
		for i := range 500 {
			others.say(fmt.Sprint(i, long))
		}
	})
	others.talk(100)
}
