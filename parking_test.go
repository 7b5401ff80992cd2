package veche

import (
	"bufio"
	"context"
	"io"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestParkedPolls: on one connection of HTTP/1.1 polls that wait long, and other requests, follow each other; their
// answers are like those that did not wait; the last one, when the server drains, says that it is.
func TestParkedPolls(t *testing.T) {
	s := newServer(t)
	addr := serve(t, s)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	in := bufio.NewReader(conn)
	cookie := "none=1"
	ask := func(path string) {
		_, _ = io.WriteString(conn, "GET "+path+" HTTP/1.1\r\nHost: "+addr+"\r\nCookie: "+cookie+"\r\nAccept-Encoding: gzip\r\nOrigin: http://"+addr+"\r\n\r\n")
	}
	answer := func() (*http.Response, string) {
		t.Helper()
		_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
		res, err := http.ReadResponse(in, nil)
		if err != nil {
			t.Fatal(err)
		}
		return res, (&browser{t: t}).read(res)
	}
	next := func(text string) string {
		_, at, _ := strings.Cut(text, `"at":"`)
		_, rooms, _ := strings.Cut(text, `"rooms":"`)
		at, _, _ = strings.Cut(at, `"`)
		rooms, _, _ = strings.Cut(rooms, `"`)
		return "/poll?wait=60&rooms=" + rooms + "&at=" + at
	}
	ask("/poll?rooms=general&wait=0")
	res, text := answer()
	plain := res.Header
	cookie = res.Cookies()[0].Name + "=" + res.Cookies()[0].Value
	for _, body := range []string{"one", "two", strings.Repeat("long", 1000)} {
		ask(next(text))
		awaitParked(t, s)
		browse(t, "http://"+addr).send(`{"type":"send","room":"general","body":"` + body + `"}`)
		if res, text = answer(); len(body) < 100 && !strings.Contains(text, `"`+body+`"`) {
			t.Errorf("instead of %s: %s", body, text)
		}
		for name := range plain {
			if res.Header.Get(name) == "" && name != "Set-Cookie" {
				t.Errorf("without %s: %v", name, res.Header)
			}
		}
	}
	if res.Header.Get("Content-Encoding") != "gzip" {
		t.Errorf("not compressed: %v", res.Header)
	}
	ask("/healthz")
	if res, _ := answer(); res.StatusCode != 200 {
		t.Error(res.Status)
	}
	ask("/poll?rooms=general&wait=0")
	_, text = answer()
	ask(next(text))
	awaitParked(t, s)
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	if res, text = answer(); !strings.Contains(text, `"bye"`) || !res.Close {
		t.Errorf("%v %s", res.Header, text)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

// awaitParked waits until a poll is parked.
func awaitParked(t *testing.T, s *Server) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); s.polls.Parked() == 0; {
		if time.Now().After(end) {
			t.Fatal("nobody is parked")
		}
		runtime.Gosched()
	}
}
