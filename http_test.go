package veche

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// browser is a client of the HTTP doors: one user, who comes back by the resume of their last welcome.
type browser struct {
	t      *testing.T
	base   string
	header http.Header
	client *http.Client
}

func browse(t *testing.T, base string, headers ...string) *browser {
	b := &browser{t: t, base: base, header: http.Header{}, client: &http.Client{Transport: &http.Transport{DisableCompression: true}}}
	for i := 0; i < len(headers); i += 2 {
		b.header.Set(headers[i], headers[i+1])
	}
	t.Cleanup(b.client.CloseIdleConnections)
	return b
}

func (b *browser) do(method, path, body string, headers ...string) *http.Response {
	b.t.Helper()
	r, err := http.NewRequestWithContext(b.t.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.t.Fatal(err)
	}
	r.Header = b.header.Clone()
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(func() { res.Body.Close() })
	return res
}

// read reads an answer to its end.
func (b *browser) read(res *http.Response) string {
	b.t.Helper()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(text)
}

// send posts and returns the answers.
func (b *browser) send(body string) []map[string]any {
	b.t.Helper()
	var answers []map[string]any
	text := b.read(b.do("POST", "/send", body))
	if !strings.HasPrefix(text, "[") {
		text = "[" + text + "]"
	}
	if err := json.Unmarshal([]byte(text), &answers); err != nil {
		b.t.Fatalf("%v in %s", err, text)
	}
	return answers
}

type pollAnswer struct {
	Rooms, At string
	Events    []map[string]any
}

func (b *browser) poll(query string) (a pollAnswer) {
	b.t.Helper()
	res := b.do("GET", "/poll?"+query, "")
	text := b.read(res)
	if err := json.Unmarshal([]byte(text), &a); err != nil || res.StatusCode != 200 {
		b.t.Fatalf("%v %s: %s", err, res.Status, text)
	}
	return a
}

// next asks for what comes after an answer.
func (a pollAnswer) next(wait int) string {
	return fmt.Sprintf("rooms=%s&at=%s&wait=%d", url.QueryEscape(a.Rooms), a.At, wait)
}

// types says in short what came: the type of each, and the seq of messages.
func types(events []map[string]any) string {
	var s []string
	for _, e := range events {
		word := fmt.Sprint(e["type"])
		if seq, ok := e["seq"]; ok {
			word += fmt.Sprint(":", seq)
		}
		s = append(s, word)
	}
	return strings.Join(s, " ")
}

// stream is one answer of /events.
type stream struct {
	t     *testing.T
	res   *http.Response
	lines *bufio.Scanner
	id    string // the last one
	retry string
}

func (b *browser) events(query string, headers ...string) *stream {
	b.t.Helper()
	res := b.do("GET", "/events?"+query, "", headers...)
	if res.StatusCode != 200 {
		b.t.Fatalf("%s: %s", res.Status, b.read(res))
	}
	lines := bufio.NewScanner(res.Body)
	lines.Buffer(nil, 1<<21)
	return &stream{t: b.t, res: res, lines: lines}
}

// next returns the next event, nil at the end of the stream.
func (s *stream) next() (e map[string]any) {
	s.t.Helper()
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			s.id = value
		case "retry":
			s.retry = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e); err != nil {
				s.t.Fatalf("%v in %s", err, value)
			}
		case "":
			if e != nil {
				return e
			}
		}
	}
	return nil
}

// seek reads until an event of that type, and of that seq if it is a message.
func (s *stream) seek(what string) map[string]any {
	s.t.Helper()
	var seen []map[string]any
	for {
		e := s.next()
		if e == nil {
			s.t.Fatalf("the stream ended before %s, after %s", what, types(seen))
		}
		if seen = append(seen, e); types(seen[len(seen)-1:]) == what {
			return e
		}
	}
}

func bearer(t *testing.T, s *Server, id string) []string {
	return []string{"Authorization", "Bearer " + token(t, s, User{ID: id, Name: strings.ToUpper(id)})}
}

func TestEventsResumeByThemselves(t *testing.T) {
	s := newServer(t)
	base := "http://" + serve(t, s)
	ann := browse(t, base, bearer(t, s, "ann")...)
	ann.send(`[{"type":"send","room":"general","body":1},{"type":"send","room":"a,b:%","body":1},{"type":"send","room":"general","body":2}]`)

	query := "room=general&since=0&rooms=" + url.QueryEscape("a%2Cb%3A%25:0")
	first := ann.events(query)
	h := first.res.Header
	if h.Get("Content-Type") != "text/event-stream" || h.Get("Cache-Control") != "no-cache, no-transform" || h.Get("X-Accel-Buffering") != "no" {
		t.Errorf("headers %v", h)
	}
	first.seek("message:2")
	if !strings.Contains(first.id, "general:2:") || !strings.Contains(first.id, "a%2Cb%3A%25:") || first.retry == "" {
		t.Errorf("id %q, retry %q", first.id, first.retry)
	}
	first.res.Body.Close()
	ann.send(`[{"type":"send","room":"general","body":3},{"type":"send","room":"a,b:%","body":2}]`)

	again := ann.events(query, "Last-Event-ID", first.id)
	var got []string
	for len(got) < 2 {
		if e := again.next(); e["type"] == "message" && !(e["room"] == "a,b:%" && e["seq"] == 1.0) {
			got = append(got, fmt.Sprint(e["room"], e["seq"]))
		}
	}
	if all := strings.Join(got, " "); all != "general3 a,b:%2" && all != "a,b:%2 general3" {
		t.Errorf("after the cut came %s", all)
	}
}

func TestPollGoesOn(t *testing.T) {
	s := newServer(t)
	base := "http://" + serve(t, s)
	ann, bob := browse(t, base, bearer(t, s, "ann")...), browse(t, base, bearer(t, s, "bob")...)
	bob.send(`{"type":"send","room":"r","body":1}`)

	first := ann.poll("rooms=r:0")
	if got := types(first.Events); got != "welcome ok presence message:1" {
		t.Errorf("the first answer is %s", got)
	}
	if idle := ann.poll(first.next(0)); len(idle.Events) != 0 || idle.Rooms != first.Rooms || idle.At == first.At {
		t.Errorf("with nothing to say: %+v", idle)
	} else {
		first = idle
	}
	bob.send(`{"type":"send","room":"r","body":2}`)
	second := ann.poll(first.next(25))
	if got := types(second.Events); got != "message:2" {
		t.Errorf("then %s", got)
	}
	// The answer is lost: the client asks as before, and gets the same messages.
	lost := ann.poll(first.next(25))
	if got := types(lost.Events); got != "welcome ok presence message:2" {
		t.Errorf("after a lost answer came %s", got)
	}
	// Who knows all there is waits, though the session is a new one.
	resumed := ann.poll("wait=0&rooms=" + url.QueryEscape(lost.Rooms))
	if got := types(resumed.Events); got != "welcome ok presence" {
		t.Errorf("a new session says %s", got)
	}
	if n := s.hub.Sessions(); n != 2 {
		t.Errorf("%d sessions: one lingers that was not named", n)
	}
	more := ann.poll(strings.Replace(resumed.next(0), "rooms=", "rooms=other,", 1))
	if got := types(more.Events); got != "ok presence" {
		t.Errorf("one room more: %s", got)
	}
	if gone := ann.poll("rooms=&wait=0&at=" + more.At); gone.Rooms != "" || len(gone.Events) != 0 {
		t.Errorf("no room: %+v", gone)
	}
	if us := bob.send(`{"type":"presence","room":"other"}`)[0]["users"]; len(us.([]any)) != 0 {
		t.Errorf("still in the room that she left: %v", us)
	}
}

// Clients by hand, with neither a cookie nor what the last answer said, come as somebody new each time: they do not
// wake each other by that.
func TestNewcomersDoNotWakeEachOther(t *testing.T) {
	s := newServer(t)
	base := "http://" + serve(t, s)
	guest := browse(t, base)
	guest.send(`{"type":"send","room":"r","body":1}`)
	var waiting sync.WaitGroup
	for range 3 {
		waiting.Go(func() {
			began := time.Now()
			a := guest.poll("rooms=r:1&wait=1")
			if took := time.Since(began); took < time.Second {
				t.Errorf("after %v came %s", took, types(a.Events))
			}
		})
	}
	waiting.Wait()
	if got := types(guest.poll("rooms=r:0&wait=25").Events); got != "welcome ok presence message:1" {
		t.Error(got)
	}
}

func TestSecondPollEndsTheFirst(t *testing.T) {
	s := newServer(t)
	base := "http://" + serve(t, s)
	ann := browse(t, base, bearer(t, s, "ann")...)
	begin := ann.poll("rooms=r&wait=0")
	first := make(chan string)
	go func() { first <- ann.read(ann.do("GET", "/poll?"+begin.next(60), "")) }()
	second := make(chan string)
	go func() { second <- ann.read(ann.do("GET", "/poll?"+begin.next(60), "")) }()
	// Either may be the one that came first.
	var other <-chan string
	empty := ""
	select {
	case empty = <-first:
		other = second
	case empty = <-second:
		other = first
	}
	if empty != `{"events":[]}`+"\n" {
		t.Errorf("the first was answered by %s", empty)
	}
	ann.send(`{"type":"send","room":"r","body":1}`)
	if got := <-other; !strings.Contains(got, `"seq":1`) || strings.Contains(got, "welcome") {
		t.Errorf("the second got %s", got)
	}
}

func TestDoorsOfHTTPRefuse(t *testing.T) {
	s := newServer(t, func(c *Config) { c.Origins = []string{"https://friend.org"} })
	base := "http://" + serve(t, s)
	guest := browse(t, base)
	limited := token(t, s, User{ID: "u2", Claims: map[string]any{"rooms": []string{"dev-*"}}})
	big := `{"type":"send","room":"r","body":"` + strings.Repeat("x", 1<<20) + `"}`
	for _, c := range []struct {
		method, path, body string
		header             []string
		status             int
		code               string
	}{
		{"GET", "/events?room=r", "", []string{"Authorization", "Bearer x.y.z"}, 401, "unauthorized"},
		{"GET", "/poll?rooms=r", "", []string{"Authorization", "Bearer x.y.z"}, 401, "unauthorized"},
		{"POST", "/send", "{}", []string{"Cookie", "veche_token=x"}, 401, "unauthorized"},
		{"GET", "/events?resume=nonsense", "", nil, 401, "unauthorized"},
		{"GET", "/events?room=general", "", []string{"Authorization", "Bearer " + limited}, 403, "forbidden"},
		{"GET", "/poll?rooms=~bob:0,general:0", "", []string{"Authorization", "Bearer " + limited}, 403, "forbidden"},
		{"GET", "/events?room=", "", nil, 400, "bad_request"},
		{"GET", "/events?room=r&since=x", "", nil, 400, "bad_request"},
		{"GET", "/events?room=r", "", []string{"Last-Event-ID", "r:%"}, 400, "bad_request"},
		{"GET", "/poll?rooms=r,r", "", nil, 400, "bad_request"},
		{"GET", "/events?room=r&room=q", "", nil, 400, "bad_request"},
		{"GET", "/poll?rooms=r&wait=61", "", nil, 400, "bad_request"},
		{"GET", "/poll?rooms=r&wait=-1", "", nil, 400, "bad_request"},
		{"GET", "/poll?rooms=r&name=%E2%80%AEx", "", nil, 400, "bad_request"},
		{"POST", "/send", "nonsense", nil, 400, "bad_request"},
		{"POST", "/send", "[1,", nil, 400, "bad_request"},
		{"POST", "/send", "[" + strings.Repeat("1,", 256) + "1]", nil, 413, "too_large"},
		{"POST", "/send", big, nil, 413, "too_large"},
		{"POST", "/send", `{"type":"join","room":"r"}`, nil, 400, "bad_request"},
		{"POST", "/send", `{"type":"signal","room":"~bob","kind":"k"}`, nil, 403, "forbidden"},
		{"POST", "/send", `{"type":"receipt","room":"general","read":1}`, []string{"Authorization", "Bearer " + limited}, 403, "forbidden"},
		{"POST", "/send", `{"type":"ping"}`, []string{"Origin", "https://evil.org"}, 403, "forbidden"},
		{"GET", "/poll?rooms=r", "", []string{"Origin", "null"}, 403, "forbidden"},
		{"GET", "/events?room=r", "", []string{"Sec-Fetch-Site", "cross-site"}, 403, "forbidden"},
		{"POST", "/events?room=r", "", nil, 405, "bad_request"},
		{"GET", "/send", "", nil, 405, "bad_request"},
		{"PUT", "/send", "{}", nil, 405, "bad_request"},
	} {
		res := guest.do(c.method, c.path, c.body, c.header...)
		var e struct{ Type, Code string }
		text := guest.read(res)
		if err := json.Unmarshal([]byte(text), &e); err != nil || res.StatusCode != c.status || e.Type != "error" || e.Code != c.code {
			t.Errorf("%s %s %v: %s %s", c.method, c.path, c.header, res.Status, text)
		}
		if res.Header.Get("Cache-Control") != "no-store" || res.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s: headers %v", c.method, c.path, res.Header)
		}
	}
	if n := s.hub.Sessions(); n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

func TestOtherOrigins(t *testing.T) {
	s := newServer(t, func(c *Config) { c.Origins = []string{"https://friend.org"} })
	base := "http://" + serve(t, s)
	guest := browse(t, base)
	for _, door := range []string{"/events", "/poll", "/send"} {
		if res := guest.do("OPTIONS", door, ""); res.StatusCode != 204 || !strings.HasSuffix(res.Header.Get("Allow"), ", OPTIONS") ||
			res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s for no page: %s %v", door, res.Status, res.Header)
		}
		res := guest.do("OPTIONS", door, "", "Origin", "https://friend.org",
			"Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "authorization")
		h := res.Header
		if res.StatusCode != 204 || h.Get("Access-Control-Allow-Origin") != "https://friend.org" ||
			h.Get("Access-Control-Allow-Credentials") != "true" || h.Get("Access-Control-Max-Age") == "" ||
			!strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") {
			t.Errorf("%s: %s %v", door, res.Status, h)
		}
		if res := guest.do("OPTIONS", door, "", "Origin", "https://evil.org"); res.StatusCode != 403 || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s for another: %s %v", door, res.Status, res.Header)
		}
	}
	res := guest.do("POST", "/send", `{"type":"ping"}`, "Origin", "https://friend.org")
	if res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != "https://friend.org" || !strings.Contains(strings.Join(res.Header.Values("Vary"), ","), "Origin") ||
		res.Header.Get("Access-Control-Expose-Headers") != "Retry-After" {
		t.Errorf("%s %v", res.Status, res.Header)
	}
	if res := guest.do("POST", "/send", `{"type":"ping"}`, "Origin", base); res.StatusCode != 200 {
		t.Errorf("its own origin: %s", res.Status)
	}
}

func TestAnswersAreCompressed(t *testing.T) {
	s := newServer(t)
	base := "http://" + serve(t, s)
	guest := browse(t, base)
	guest.send(`{"type":"send","room":"r","body":"` + strings.Repeat("x", 10000) + `"}`)
	ask := func(accept string) (*http.Response, string) {
		res := guest.do("POST", "/send", `{"type":"history","room":"r"}`, "Accept-Encoding", accept)
		return res, guest.read(res)
	}
	_, plain := ask("identity")
	for accept, wanted := range map[string]bool{
		"gzip": true, "br;q=1, GZIP;q=0.5": true, "*": true, "gzip;q=0": false, "gzip;q=0, *": false, "br": false, "": false,
		"gzip;q=0.001": true, "identity, gzip": true, "gzip;q=0.5, identity": false, "gzip;q=0.5, *": false, "gzip, *;q=0": true,
		"x-gzip": true, "identity;q=0": false, "*;q=0": false, "gzip;q=x": false,
	} {
		res, text := ask(accept)
		if got := res.Header.Get("Content-Encoding") == "gzip"; got != wanted {
			t.Errorf("%q: %v", accept, res.Header)
			continue
		}
		if wanted {
			z, err := gzip.NewReader(strings.NewReader(text))
			if err != nil {
				t.Fatal(err)
			}
			whole, err := io.ReadAll(z)
			if err != nil || len(text) > 1000 {
				t.Fatal(err, len(text))
			}
			text = string(whole)
		}
		if text != plain {
			t.Errorf("%q: another answer of %d bytes", accept, len(text))
		}
	}
	// A small answer is worth it only for who takes no other.
	for accept, wanted := range map[string]bool{"gzip": false, "gzip, identity;q=0": true, "gzip, *;q=0": true} {
		res := guest.do("POST", "/send", `{"type":"ping"}`, "Accept-Encoding", accept)
		if got := res.Header.Get("Content-Encoding") == "gzip"; got != wanted {
			t.Errorf("a small answer for %q: %v", accept, res.Header)
		}
	}
}

// What does not arrive whole is refused and may be tried again, what is announced to be too large is not waited for,
// and nothing of either is done.
func TestPostArrivesWhole(t *testing.T) {
	s := newServer(t)
	addr := serve(t, s)
	whole := `{"type":"send","room":"r","body":"whole"}`
	for _, c := range []struct {
		what, head, body string
		status           int
		code             string
		retry            bool
	}{
		{"cut off", "Content-Length: 100", whole, 400, "bad_request", true},
		{"cut off between chunks", "Transfer-Encoding: chunked", "29\r\n" + whole + "\r\n", 400, "bad_request", true},
		{"a chunk that is none", "Transfer-Encoding: chunked", "29\r\n" + whole + "\r\nzz\r\n", 400, "bad_request", true},
		{"announced to be too large", "Content-Length: 1048577", "", 413, "too_large", false},
		{"chunks that are too large", "Transfer-Encoding: chunked", "100001\r\n" + strings.Repeat(" ", 1<<20+1), 413, "too_large", false},
		{"none", "Content-Length: 0", "", 400, "bad_request", false},
		{"compressed", "Content-Encoding: gzip\r\nContent-Length: 4", "\x1f\x8b\x08\x00", 400, "bad_request", false},
		{"in chunks", "Transfer-Encoding: chunked", "1\r\n{\r\n28\r\n" + whole[1:] + "\r\n0\r\n\r\n", 200, "", false},
	} {
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		_ = nc.SetDeadline(time.Now().Add(20 * time.Second)) // much less than a server's patience
		_, _ = io.WriteString(nc, "POST /send HTTP/1.1\r\nHost: veche\r\n"+c.head+"\r\n\r\n"+c.body)
		if !strings.Contains(c.what, "announced") {
			_ = nc.(*net.TCPConn).CloseWrite()
		}
		res, err := http.ReadResponse(bufio.NewReader(nc), nil)
		if err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		var e struct {
			Code  string
			Retry bool
		}
		if err := json.NewDecoder(res.Body).Decode(&e); err != nil || res.StatusCode != c.status || e.Code != c.code || e.Retry != c.retry {
			t.Errorf("%s: %s %+v %v", c.what, res.Status, e, err)
		}
		nc.Close()
	}
	if got := browse(t, "http://"+addr).send(`{"type":"history","room":"r"}`)[0]["head"]; got != 1.0 {
		t.Errorf("the head is %v", got)
	}
}

// A signal goes to everybody but its sender, who is who sends with the resume of the stream, or with
// that which the stream itself was begun with.
func TestOwnSignalsDoNotComeBack(t *testing.T) {
	s := newServer(t)
	base := "http://" + serve(t, s)
	ann := browse(t, base)
	resume := fmt.Sprint(ann.send(`{"type":"hello"}`)[0]["resume"])
	stream := ann.events("room=r&resume=" + resume)
	mine := fmt.Sprint(stream.seek("welcome")["resume"])
	stream.seek("presence")
	for _, as := range []string{resume, mine} {
		if got := ann.do("POST", "/send?resume="+as, `{"type":"signal","room":"r","kind":"own"}`); got.StatusCode != 200 {
			t.Fatal(got.Status)
		}
	}
	browse(t, base).send(`{"type":"signal","room":"r","kind":"other"}`)
	if got := stream.seek("signal"); got["kind"] != "other" {
		t.Errorf("%v came back", got)
	}
}

func TestDrainEndsStreamsAndPolls(t *testing.T) {
	s := newServer(t, func(c *Config) { c.Spread = 2 * time.Second })
	base := "http://" + serve(t, s)
	ann := browse(t, base, bearer(t, s, "ann")...)
	stream := ann.events("room=r")
	stream.seek("presence")
	ann.poll("rooms=r&wait=0") // and one that lingers
	answer := make(chan string)
	go func() { answer <- ann.read(ann.do("GET", "/poll?rooms=q:0&wait=60", "")) }()
	for s.hub.Sessions() < 3 { // until that one is here
		runtime.Gosched()
	}
	if err := s.Drain(t.Context()); err != nil {
		t.Error(err)
	}
	stream.retry = ""
	bye := stream.seek("bye")
	if stream.next() != nil || bye["code"] != "drain" || stream.retry == "" {
		t.Errorf("%v, retry %q, and more", bye, stream.retry)
	}
	if got := <-answer; !strings.Contains(got, `{"type":"bye","code":"drain"`) {
		t.Errorf("the poll was answered by %s", got)
	}
	for _, path := range []string{"/events?room=r", "/poll?rooms=r"} {
		if res := ann.do("GET", path, ""); res.StatusCode != 503 || res.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s %v", path, res.Status, res.Header)
		}
	}
	source := ann.events("room=r", "Accept", "text/event-stream") // an EventSource, which another answer would end for good
	if e := source.next(); e["code"] != "drain" || source.retry == "" || source.next() != nil {
		t.Errorf("an EventSource that comes meanwhile: %v, retry %q", e, source.retry)
	}
	if got := ann.send(`{"type":"ping"}`); got[0]["code"] != "drain" {
		t.Errorf("%v", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.Close(ctx); err != nil {
		t.Error(err)
	}
}

// A GET whose body never comes is refused at once, at every door.
func TestGetWithABody(t *testing.T) {
	base := "http://" + serve(t, newServer(t))
	for _, path := range []string{"/events?room=a", "/poll?rooms=a&wait=1", "/socket.io/?EIO=4&transport=polling", "/", "/ws"} {
		body, never := io.Pipe()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+path, body)
		if err != nil {
			t.Fatal(err)
		}
		res, err := new(http.Transport).RoundTrip(r)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		res.Body.Close()
		never.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
}
