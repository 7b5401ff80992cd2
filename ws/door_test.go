package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/internal/memnet"
)

// answered is an answer, as far as it must be the same at each door.
type answered struct {
	Status string
	Header http.Header
	Body   string
	Length int64
	Coding []string
	Close  bool
	Error  string
}

// last is a request after which a connection ends.
const last = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

// converse sends text and the last request, and returns all answers.
func converse(t *testing.T, addr, text string) (all []answered) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	go io.WriteString(nc, text+last)
	br := bufio.NewReader(nc)
	for {
		res, err := http.ReadResponse(br, nil)
		if isTimeout(err) {
			t.Error("the conversation does not end")
		}
		if err != nil {
			return all
		}
		body, err := io.ReadAll(res.Body)
		if res.Header.Get("Date") == "" && res.StatusCode != 400 && res.StatusCode != 431 && res.StatusCode != 505 {
			t.Errorf("%s has no Date", res.Status)
		}
		res.Header.Del("Date")
		all = append(all, answered{res.Status, res.Header, string(body), res.ContentLength, res.TransferEncoding, res.Close, fmt.Sprint(err)})
	}
}

// answering is a door that answers plain requests of these paths too.
func answering(l net.Listener, srv *http.Server, _ ...string) net.Listener {
	return Door(l, srv, "/", "/1", "/2", "/chat", "/last")
}

// sameAtAllDoors has the same conversation at all doors.
func sameAtAllDoors(t *testing.T, h http.Handler, text string) {
	t.Helper()
	var stories [][]answered
	tell := func(t *testing.T, d doorway) { stories = append(stories, converse(t, d.serve(t, h), text)) }
	bothDoors(t, tell)
	t.Run("answering", func(t *testing.T) { tell(t, answering) })
	for i, story := range stories[1:] {
		if diff := cmp.Diff(stories[0], story); diff != "" {
			t.Errorf("net/http and the door differ (%d):\n%s", i, diff)
		}
	}
}

// TestDoorIsTransparent: what is not for the door is answered as if there were none.
func TestDoorIsTransparent(t *testing.T) {
	page := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		fmt.Fprintf(w, "%s %s %s %q %v", r.Method, r.URL, r.Proto, body, err)
	})
	requests := map[string]string{
		"a page":     "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
		"POST":       "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
		"chunked":    "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"pipelined":  "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n",
		"large":      "GET / HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 40<<10) + "\r\n\r\n",
		"too large":  edit("X: " + strings.Repeat("x", 2<<20)),
		"never ends": "GET /" + strings.Repeat("x", 2<<20),
	}
	for name, text := range strangeHeads {
		requests[name] = text
	}
	for name, text := range requests {
		t.Run(name, func(t *testing.T) { sameAtAllDoors(t, page, text) })
	}
}

// TestDoorAnswersAsNetHTTP: a handler may do with a handshake what it likes, and with a plain request too, but hijack.
func TestDoorAnswersAsNetHTTP(t *testing.T) {
	type handler = func(http.ResponseWriter, *http.Request)
	tests := map[string]handler{
		"nothing":     func(http.ResponseWriter, *http.Request) {},
		"text":        func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") },
		"HTML":        func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "<html>") },
		"not found":   func(w http.ResponseWriter, r *http.Request) { http.NotFound(w, r) },
		"redirect":    func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) },
		"no content":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) },
		"not changed": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotModified) },
		"unknown":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(599) },
		"headers": func(w http.ResponseWriter, _ *http.Request) {
			http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
			w.Header()["X-More"] = []string{"1", "2"}
			w.Header().Set("X-Bad", "a\r\nb")
			w.WriteHeader(http.StatusUnauthorized)
			w.Header().Set("X-Late", "too late")
			w.WriteHeader(http.StatusOK)
		},
		"its own type": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "x/y")
			w.Write([]byte("z"))
		},
		"no type": func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil; w.Write([]byte("z")) },
		"encoded": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Write([]byte("z"))
		},
		"its own length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			w.Write([]byte("zz"))
		},
		"too little": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "3")
			w.Write([]byte("zz"))
		},
		"too much": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1")
			if _, err := w.Write([]byte("zz")); err != http.ErrContentLength {
				panic(err)
			}
			w.Write([]byte("z"))
		},
		"close": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
			w.Write([]byte("z"))
		},
		"long": func(w http.ResponseWriter, _ *http.Request) {
			for range 100 {
				w.Write(bytes.Repeat([]byte("0123456789"), 100))
			}
		},
		"long at once": func(w http.ResponseWriter, _ *http.Request) { w.Write(make([]byte, 100_000)) },
		"long with a length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			for range 100 {
				w.Write(bytes.Repeat([]byte("0123456789"), 100))
			}
		},
		"flushed": func(w http.ResponseWriter, _ *http.Request) {
			for range 3 {
				io.WriteString(w, "part")
				w.(http.Flusher).Flush()
			}
		},
		"flushed empty": func(w http.ResponseWriter, _ *http.Request) { http.NewResponseController(w).Flush() },
		"a file":        func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, "door.go") },
		"abort":         func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"panic":         func(http.ResponseWriter, *http.Request) { panic("in a handler") },
		"Goexit":        func(http.ResponseWriter, *http.Request) { runtime.Goexit() },
		"error":         func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusTeapot) },
		"the request": func(w http.ResponseWriter, r *http.Request) {
			_, _, err := net.SplitHostPort(r.RemoteAddr)
			ctx := r.Context()
			fmt.Fprintln(w, r.Method, r.URL, r.RequestURI, r.Host, r.Header, r.Proto, r.ContentLength, r.Close, r.TLS, err,
				ctx.Value(http.ServerContextKey).(*http.Server).Handler != nil, ctx.Value(http.LocalAddrContextKey) != nil, ctx.Err())
		},
		"hijacked": func(w http.ResponseWriter, _ *http.Request) {
			nc, brw, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			defer nc.Close()
			_, tcp := nc.(interface{ SetNoDelay(bool) error })
			line, _ := brw.ReadString('\n')
			fmt.Fprintf(brw, "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 9\r\n\r\n%-9s", fmt.Sprint(tcp, line[:3]))
			brw.Flush()
			if _, err := w.Write([]byte("x")); err != http.ErrHijacked {
				panic(err)
			}
		},
	}
	for name, h := range tests {
		t.Run(name, func(t *testing.T) {
			handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/last" {
					io.WriteString(w, "served on")
					return
				}
				h(w, r)
			})
			sameAtAllDoors(t, handler, edit())
			if name != "hijacked" {
				sameAtAllDoors(t, handler, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n")
			}
		})
	}
}

// TestDoorStandsAside where it is of no use.
func TestDoorStandsAside(t *testing.T) {
	memory := memnet.Listen("house")
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer tcp.Close()
	curious := func(net.Conn, http.ConnState) {}
	curiousToo := func(ctx context.Context, _ net.Conn) context.Context { return ctx }
	for _, tt := range []struct {
		l   net.Listener
		srv *http.Server
	}{
		{memory, &http.Server{}},
		{tls.NewListener(tcp, &tls.Config{}), &http.Server{}},
		{tcp, &http.Server{ConnState: curious}},
		{tcp, &http.Server{ConnContext: curiousToo}},
	} {
		if got := Door(tt.l, tt.srv); got != tt.l {
			t.Errorf("%T: got %T", tt.l, got)
		}
	}
}

// TestDoorPatience: who does not come to the end of a request is let go, when net/http would do it.
func TestDoorPatience(t *testing.T) {
	const patience = time.Second
	for name, timeouts := range map[string]*http.Server{
		"ReadHeaderTimeout": {ReadHeaderTimeout: patience, ReadTimeout: time.Minute},
		"ReadTimeout":       {ReadTimeout: patience},
	} {
		for sent, text := range map[string]string{"nothing": "", "a byte": "G", "half": edit()[:50], "foreign": "POST / HTTP/1.1\r\nHo"} {
			t.Run(name+"/"+sent, func(t *testing.T) {
				t.Parallel()
				bothDoors(t, func(t *testing.T, d doorway) {
					addr := d.serve(t, http.NotFoundHandler(), func(s *http.Server) {
						s.ReadHeaderTimeout, s.ReadTimeout = timeouts.ReadHeaderTimeout, timeouts.ReadTimeout
					})
					start := time.Now()
					nc, err := net.Dial("tcp", addr)
					if err != nil {
						t.Fatal(err)
					}
					defer nc.Close()
					_ = nc.SetDeadline(start.Add(time.Minute))
					_, _ = io.WriteString(nc, text)
					got, err := io.ReadAll(nc) // 400, if there was something
					if took := time.Since(start); err != nil || took < patience || (len(got) == 0) != (text == "") {
						t.Errorf("%q, %v after %v", got, err, took)
					}
				})
			})
		}
	}
}

// TestDoorDrip: who sends slowly is not let go for that before the time is over, and then is, however
// often a byte comes.
func TestDoorDrip(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		addr := d.serve(t, http.NotFoundHandler(), func(s *http.Server) { s.ReadHeaderTimeout = 300 * time.Millisecond })
		start := time.Now()
		nc, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer nc.Close()
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for i := 0; ; i++ {
			<-tick.C
			if _, err := nc.Write([]byte(edit("X: " + strings.Repeat("x", 1000)))[i : i+1]); err != nil {
				break // the server has closed it, and said so to the byte before
			}
			if time.Since(start) > time.Minute {
				t.Fatal("it drips on")
			}
		}
		if took := time.Since(start); took < 300*time.Millisecond {
			t.Errorf("cut off after %v", took)
		}
	})
}

// TestDoorHalves: a handshake may come in any two pieces, and byte by byte.
func TestDoorHalves(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		addr := d.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if c, err := Accept(w, r, nil); err == nil {
				c.Start(&echoHandler{make(chan error, 1)})
			}
		}))
		text := edit() + string(rawFrame(0x81, true, "early"))
		for cut := range len(text) {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			p := &peer{t: t, nc: nc, br: bufio.NewReader(nc), mask: true}
			_ = nc.SetDeadline(time.Now().Add(time.Minute))
			if cut == 0 {
				for i := range len(text) {
					p.write([]byte{text[i]})
				}
			} else {
				p.write([]byte(text[:cut]))
				runtime.Gosched() // mostly the door sees the first piece alone
				p.write([]byte(text[cut:]))
			}
			res, err := http.ReadResponse(p.br, nil)
			if err != nil || res.StatusCode != 101 {
				t.Fatalf("cut at %d: %v %v", cut, res, err)
			}
			p.want("what came with the handshake", 0x81, "early")
			_ = nc.Close()
		}
	})
}

// TestDoorServesPullForm: a handler may keep its goroutine as long as it likes, and others get theirs.
func TestDoorServesPullForm(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		addr := d.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := Accept(w, r, nil)
			if err != nil {
				return
			}
			defer c.CloseNow()
			for {
				typ, data, err := c.Read(r.Context())
				if err != nil || c.Write(r.Context(), typ, data) != nil {
					return
				}
			}
		}))
		var peers []*Conn
		for range 40 {
			c, _, err := Dial(t.Context(), "ws://"+addr+"/", nil)
			if err != nil {
				t.Fatal(err)
			}
			defer c.CloseNow()
			peers = append(peers, c)
		}
		big := bytes.Repeat([]byte("x"), 600_000)
		for i, c := range peers {
			data := fmt.Append(nil, i)
			if i == 0 {
				data = big
			}
			if err := c.Write(t.Context(), Binary, data); err != nil {
				t.Fatal(err)
			}
			if _, got, err := c.Read(t.Context()); err != nil || !bytes.Equal(got, data) {
				t.Fatalf("%d: %d bytes, %v", i, len(got), err)
			}
			if err := c.Close(StatusNormal, ""); err != nil {
				t.Error(err)
			}
		}
	})
}

// TestDoorContext: a request's context has what the server's contexts have, and ends with the handler.
func TestDoorContext(t *testing.T) {
	type key struct{}
	bothDoors(t, func(t *testing.T, d doorway) {
		seen := make(chan context.Context, 2)
		addr := d.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Context().Err() != nil {
				t.Error("it has ended before the handler")
			}
			seen <- r.Context()
		}), func(s *http.Server) {
			s.BaseContext = func(net.Listener) context.Context { return context.WithValue(context.Background(), key{}, "base") }
		})
		converse(t, addr, edit())
		ctx := <-seen
		<-ctx.Done()
		local, _ := ctx.Value(http.LocalAddrContextKey).(net.Addr)
		if ctx.Value(key{}) != "base" || local == nil || local.String() != addr {
			t.Errorf("%v, %v", ctx.Value(key{}), local)
		}
	})
}

// TestDoorLogsPanics where net/http does.
func TestDoorLogsPanics(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		var mu sync.Mutex
		var text bytes.Buffer
		addr := d.serve(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("in a handler") }), func(s *http.Server) {
			s.ErrorLog = log.New(writerFunc(func(p []byte) (int, error) {
				mu.Lock()
				defer mu.Unlock()
				return text.Write(p)
			}), "", 0)
		})
		converse(t, addr, edit())
		mu.Lock()
		defer mu.Unlock()
		if !strings.Contains(text.String(), "panic serving 127.0.0.1") || !strings.Contains(text.String(), "TestDoorLogsPanics") {
			t.Errorf("log: %s", text.String())
		}
	})
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

// TestDoorAfterHTTP: a connection that has been with net/http first may become a WebSocket too.
func TestDoorAfterHTTP(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		addr := d.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/page" {
				return
			}
			if c, err := Accept(w, r, nil); err == nil {
				c.Start(&echoHandler{make(chan error, 1)})
			}
		}))
		page := "GET /page HTTP/1.1\r\nHost: a\r\nX: " + strings.Repeat("x", 5000) + "\r\n\r\n"
		for _, first := range []string{page, edit("GET /page HTTP/1.1"), page + page} {
			_, nc, br := shakeRaw(t, addr, first+edit()+string(rawFrame(0x81, true, "early")))
			n := strings.Count(first, "/page")
			for ; n > 0; n-- {
				res, err := http.ReadResponse(br, nil)
				if err != nil || n == 1 && res.StatusCode != 101 {
					t.Fatalf("%v %v", res, err)
				}
			}
			p := &peer{t: t, nc: nc, br: br, mask: true}
			p.want("early", 0x81, "early")
		}
	})
}
