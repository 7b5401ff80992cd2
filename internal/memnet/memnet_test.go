package memnet

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestConversation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b := Pipe()
		go func() {
			_, _ = a.Write([]byte("hello"))
			_ = a.CloseWrite()
		}()
		got, err := io.ReadAll(b)
		if err != nil || string(got) != "hello" {
			t.Fatalf("read %q, %v", got, err)
		}
		if _, err := b.Write([]byte("back")); err != nil {
			t.Fatalf("write against a half-closed peer: %v", err)
		}
		_ = b.Close()
		if got, err := io.ReadAll(a); err != nil || string(got) != "back" {
			t.Fatalf("read %q, %v", got, err)
		}
		if _, err := a.Write([]byte("x")); err == nil {
			t.Fatal("write to a closed peer must fail")
		}
		if _, err := b.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
			t.Fatalf("read of a closed end: %v", err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _ := PipeSize(4)
		start := time.Now()
		_ = a.SetReadDeadline(start.Add(time.Hour))
		if _, err := a.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("read: %v", err)
		}
		if d := time.Since(start); d != time.Hour {
			t.Fatalf("waited %v", d)
		}
		_ = a.SetReadDeadline(time.Time{})
		_ = a.SetWriteDeadline(time.Now().Add(time.Minute))
		n, err := a.Write([]byte("12345"))
		if n != 4 || !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("write: %d, %v", n, err)
		}
		var ne net.Error
		if !errors.As(err, &ne) || !ne.Timeout() {
			t.Fatalf("%v is not a timeout", err)
		}
	})
}

func TestReset(t *testing.T) {
	a, b := Pipe()
	_, _ = a.Write([]byte("lost"))
	a.Reset()
	if _, err := b.Read(make([]byte, 8)); err == nil || err == io.EOF {
		t.Fatalf("read after a reset: %v", err)
	}
}

func TestServesHTTP(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := Listen("")
		srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, "from "+r.Host)
		}), ReadHeaderTimeout: time.Second}
		go func() { _ = srv.Serve(l) }()
		defer srv.Close()
		tr := &http.Transport{DialContext: l.DialContext}
		defer tr.CloseIdleConnections()
		req, _ := http.NewRequestWithContext(t.Context(), "GET", "http://server/", nil)
		res, err := (&http.Client{Transport: tr}).Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		body, _ := io.ReadAll(res.Body)
		if !strings.Contains(string(body), "server") {
			t.Fatalf("body %q", body)
		}
	})
}

func TestDialEnds(t *testing.T) {
	l := Listen("x:1")
	_ = l.Close()
	if _, err := l.Dial(context.Background()); err == nil {
		t.Fatal("dialled a closed listener")
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Fatalf("accept: %v", err)
	}
}
