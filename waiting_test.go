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

// TestPollsOnOneConnection: on one connection of HTTP/1.1 polls that the door answers, others that it takes back from
// net/http, and other requests follow each other, some of them before the answer; the answers are alike.
func TestPollsOnOneConnection(t *testing.T) {
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
		_ = conn.SetReadDeadline(time.Now().Add(time.Minute))
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
	ask("/poll?rooms=general&wait=0")
	_, text = answer()
	for range 2 {
		ask("/healthz") // net/http's
		if res, _ := answer(); res.StatusCode != 200 {
			t.Error(res.Status)
		}
		begin := time.Now()
		ask(strings.Replace(next(text), "wait=60", "wait=1", 1))
		if res, text = answer(); !strings.Contains(text, `"events":[]`) || time.Since(begin) < time.Second {
			t.Errorf("after %v: %s", time.Since(begin), text)
		}
		for name := range plain {
			if res.Header.Get(name) == "" && name != "Set-Cookie" {
				t.Errorf("taken back without %s: %v", name, res.Header)
			}
		}
		ask(next(text))
		ask("/healthz") // too early: after the answer
		browse(t, "http://"+addr).send(`{"type":"send","room":"general","body":"news"}`)
		if _, text = answer(); !strings.Contains(text, `"news"`) {
			t.Error("no news:", text)
		}
		if _, text := answer(); strings.Contains(text, `"events"`) {
			t.Error("early:", text)
		}
	}
}

// TestPollAtTheDrain: who waits when the server drains is told so, and that the connection ends.
func TestPollAtTheDrain(t *testing.T) {
	s := newServer(t)
	addr := serve(t, s)
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, "GET /poll?rooms=general:0&wait=60 HTTP/1.1\r\nHost: "+addr+"\r\n\r\n")
	for s.hub.Sessions() == 0 {
		runtime.Gosched()
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	if text := (&browser{t: t}).read(res); !strings.Contains(text, `"bye"`) || !res.Close {
		t.Errorf("%v %s", res.Header, text)
	}
	if _, err := in.ReadByte(); err != io.EOF {
		t.Errorf("after the last answer: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
