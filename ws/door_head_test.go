package ws

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// readHead is what a door makes of bytes that are all there: the request and what is left, or nil.
func readHead(ctx context.Context, text string, k kind) (*http.Request, string) {
	end, v := headEnd([]byte(text), 0)
	if v != complete {
		return nil, ""
	}
	return parseHead(ctx, text[:end], k), text[end:]
}

// strangeHeads are read by net/http, each for another reason.
var strangeHeads = map[string]string{
	"method":               edit("POST /chat HTTP/1.1"),
	"method in small":      edit("get /chat HTTP/1.1"),
	"OPTIONS":              edit("OPTIONS * HTTP/1.1"),
	"extended CONNECT":     edit("CONNECT example.com:80 HTTP/1.1"),
	"HTTP/1.0":             edit("GET /chat HTTP/1.0"),
	"HTTP/1.2":             edit("GET /chat HTTP/1.2"),
	"HTTP/2":               "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
	"absolute form":        edit("GET http://example.com/chat HTTP/1.1"),
	"asterisk":             edit("GET * HTTP/1.1"),
	"bad escape":           edit("GET /%zz HTTP/1.1"),
	"space in the target":  edit("GET /a b HTTP/1.1"),
	"two spaces":           edit("GET  /chat HTTP/1.1"),
	"not ASCII":            edit("GET /\xd0\xb2 HTTP/1.1"),
	"a body":               edit("Content-Length: 5") + "12345",
	"an empty body":        edit("Content-Length: 0"),
	"chunks":               edit("Transfer-Encoding: chunked") + "0\r\n\r\n",
	"trailers":             edit("Trailer: X"),
	"Expect":               edit("Expect: 100-continue"),
	"h2c":                  edit("Connection: Upgrade, HTTP2-Settings", "HTTP2-Settings: AAMAAABkAAQAAP__"),
	"no Upgrade":           edit("-Upgrade"),
	"another Upgrade":      edit("Upgrade: h2c"),
	"two in Upgrade":       edit("Upgrade: websocket, foo"),
	"Upgrade twice":        edit("+Upgrade: websocket"),
	"no Connection":        edit("-Connection"),
	"keep-alive":           edit("Connection: keep-alive"),
	"close":                edit("Connection: close, Upgrade"),
	"Connection twice":     edit("+Connection: keep-alive"),
	"no Host":              edit("-Host"),
	"empty Host":           edit("Host:"),
	"Host twice":           edit("+Host: example.com"),
	"bad Host":             edit("Host: a b"),
	"user in Host":         edit("Host: a@b"),
	"no key":               edit("-Sec-WebSocket-Key"),
	"key twice":            edit("+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
	"no version":           edit("-Sec-WebSocket-Version"),
	"version twice":        edit("+Sec-WebSocket-Version: 13"),
	"origin twice":         edit("Origin: http://example.com", "+Origin: http://example.com"),
	"folded":               edit("X: a\r\n b"),
	"space before a colon": edit("X : a"),
	"no colon":             edit("+nonsense"),
	"no name":              edit("+: a"),
	"bad name":             edit("+a(b: c"),
	"control character":    edit("X: a\x01b"),
	"NUL":                  edit("X: a\x00b"),
	"bare CR":              edit("X: a\rb"),
	"bare LF":              strings.ReplaceAll(edit(), "\r\n", "\n"),
	"one bare LF":          strings.Replace(edit(), "\r\n", "\n", 1),
	"value not ASCII":      edit("X: \xd0\xb2"),
	"empty line first":     "\r\n" + edit(),
	"TLS":                  "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
	"nothing HTTP":         "hello\r\n\r\n",
}

func TestHeadLeavesToNetHTTP(t *testing.T) {
	for name, text := range strangeHeads {
		if r, _ := readHead(t.Context(), text, handshake); r != nil {
			t.Errorf("%s: taken: %q", name, text)
		}
	}
	for _, heads := range []map[string]string{strangeHeads, ordinaryHeads} {
		for name, text := range heads {
			if r, _ := readHead(t.Context(), text, plain); r != nil {
				t.Errorf("%s: taken as a plain request: %q", name, text)
			}
		}
	}
	for name, text := range strangePlainHeads {
		if r, _ := readHead(t.Context(), text, plain); r != nil {
			t.Errorf("%s: taken as a plain request: %q", name, text)
		}
	}
}

// get is the head of a plain request.
func get(lines ...string) string {
	return "GET /poll?rooms=general:7&wait=25 HTTP/1.1\r\n" + strings.Join(append([]string{"Host: example.com"}, lines...), "\r\n") + "\r\n\r\n"
}

// strangePlainHeads are read by net/http, each for another reason.
var strangePlainHeads = map[string]string{
	"close":            get("Connection: close"),
	"close too":        get("Connection: keep-alive, close"),
	"Connection twice": get("Connection: keep-alive", "Connection: keep-alive"),
	"upgrade":          get("Connection: Upgrade"),
	"h2c":              get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"),
	"a body":           get("Content-Length: 5") + "12345",
	"a plus":           get("Content-Length: +0"),
	"two lengths":      get("Content-Length: 0", "Content-Length: 0"),
	"chunks":           get("Transfer-Encoding: chunked") + "0\r\n\r\n",
	"Expect":           get("Expect: 100-continue"),
	"Trailer":          get("Trailer: X"),
	"Host twice":       get("Host: example.com"),
	"Origin twice":     get("Origin: http://a", "Origin: http://a"),
	"HTTP/1.0":         strings.Replace(get(), "1.1", "1.0", 1),
	"HEAD":             strings.Replace(get(), "GET", "HEAD", 1),
	"folded":           get("X: a\r\n b"),
	"a key":            get("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
	"version":          get("Sec-WebSocket-Version: 13"),
}

// plainHeads are those that a door answers by its paths.
var plainHeads = map[string]string{
	"curl":     get("User-Agent: curl/8.5.0", "Accept: */*"),
	"length 0": get("Content-Length: 0"),
	"browser": get("Connection: keep-alive", "Pragma: no-cache", "Origin: https://example.com", "Cookie: a=b", "Cookie: c=d",
		"Accept-Encoding: gzip, deflate, br, zstd", "Sec-Fetch-Site: same-origin"),
	"no Connection": get(),
	"pipelined":     get() + get(),
}

// ordinaryHeads are those that a door is for.
var ordinaryHeads = map[string]string{
	"RFC 6455 section 1.3": edit(),
	"browser": edit("Connection: keep-alive, Upgrade", "Pragma: no-cache", "Cache-Control: no-cache", "User-Agent: Mozilla/5.0 (X11; Linux x86_64)",
		"Origin: https://example.com", "Accept-Encoding: gzip, deflate, br, zstd", "Accept-Language: ru,en;q=0.9", "Cookie: a=b; c=\"d e\"",
		"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits", "Sec-WebSocket-Protocol: veche.v1, veche.token.x"),
	"small letters": edit("-Upgrade", "-Connection", "+upgrade: WEBSOCKET", "+connection: upgrade"),
	"query":         edit("GET /raw/%D0%B2%2F?since=1&x=%20+y# HTTP/1.1"),
	"two slashes":   edit("GET //example.org/x HTTP/1.1"),
	"question mark": edit("GET /? HTTP/1.1"),
	"spaces":        edit("X:   a \t b  ", "Y:", "Z:\t"),
	"repeated":      edit("Cookie: a=b", "+Cookie: c=d", "+X-Forwarded-For: 1.2.3.4", "+X-Forwarded-For: 5.6.7.8", "+Sec-WebSocket-Protocol: a", "+Sec-WebSocket-Protocol: b"),
	"Pragma":        edit("Pragma: no-cache"),
	"early":         edit() + string(rawFrame(0x81, true, "early")),
}

func TestHeadTakes(t *testing.T) {
	for name, text := range ordinaryHeads {
		if sameAsNetHTTP(t, text, handshake) == nil {
			t.Errorf("%s: not taken: %q", name, text)
		}
	}
	for name, text := range plainHeads {
		if sameAsNetHTTP(t, text, plain) == nil {
			t.Errorf("%s: not taken: %q", name, text)
		}
	}
}

// sameAsNetHTTP compares what a door makes of bytes with what net/http does, if the door takes them.
func sameAsNetHTTP(t *testing.T, text string, k kind) *http.Request {
	t.Helper()
	got, early := readHead(t.Context(), text, k)
	if got == nil {
		return nil
	}
	br := bufio.NewReader(strings.NewReader(text))
	want, err := http.ReadRequest(br)
	if err != nil {
		t.Fatalf("taken, but net/http says %v: %q", err, text)
	}
	rest, _ := io.ReadAll(br)
	type request struct {
		Method, URI, Proto, Host string
		URL                      any
		Header                   http.Header
		Length                   int64
		Encoding                 []string
		Close                    bool
		Trailer                  http.Header
		NoBody                   bool
		Rest                     string
	}
	of := func(r *http.Request, rest string) request {
		return request{r.Method, r.RequestURI, r.Proto, r.Host, *r.URL, r.Header, r.ContentLength, r.TransferEncoding, r.Close,
			r.Trailer, r.Body == http.NoBody, rest}
	}
	if diff := cmp.Diff(of(want, string(rest)), of(got, early)); diff != "" {
		t.Fatalf("%q is not what net/http reads:\n%s", text, diff)
	}
	if a, b := want.ProtoAtLeast(1, 1), got.ProtoAtLeast(1, 1); a != b {
		t.Fatalf("%q: protocol %v, %v", text, want.Proto, got.Proto)
	}
	return got
}

// FuzzHead: whatever a door takes, net/http reads equally, wherever the bytes were cut.
func FuzzHead(f *testing.F) {
	for _, heads := range []map[string]string{strangeHeads, ordinaryHeads, strangePlainHeads, plainHeads} {
		for _, text := range heads {
			f.Add(text, uint16(len(text)/2))
		}
	}
	f.Fuzz(func(t *testing.T, text string, cut uint16) {
		sameAsNetHTTP(t, text, handshake)
		sameAsNetHTTP(t, text, plain)
		end, v := headEnd([]byte(text), 0)
		n := min(int(cut), len(text))
		first, early := headEnd([]byte(text[:n]), 0)
		switch {
		case early == unfinished:
			if again, later := headEnd([]byte(text), n); again != end || later != v {
				t.Fatalf("%q cut at %d: %d %v, at once %d %v", text, n, again, later, end, v)
			}
		case early != v || first != end:
			t.Fatalf("%q cut at %d: %d %v, at once %d %v", text, n, first, early, end, v)
		}
	})
}
