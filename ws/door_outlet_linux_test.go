package ws

import (
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"
)

// streaming serves /1 by a handler that writes to the client as long as it can, and returns how that ended.
func streaming(t *testing.T, deadline time.Duration) (addr string, began chan *http.ResponseController, ended chan error) {
	began, ended = make(chan *http.ResponseController, 1), make(chan error, 1)
	part := strings.Repeat("streaming ", 6000)
	addr = doorway(answering).serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		began <- control
		for {
			if deadline > 0 {
				_ = control.SetWriteDeadline(time.Now().Add(deadline))
			}
			_, err := io.WriteString(w, part)
			if err == nil {
				err = control.Flush()
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}))
	return addr, began, ended
}

// TestDoorWaitsForReaders: a handler that streams to a client who does not read waits, and goes on when the client does,
// until its deadline, or one that another goroutine sets.
func TestDoorWaitsForReaders(t *testing.T) {
	addr, began, ended := streaming(t, 300*time.Millisecond)
	c := call(t, addr)
	_ = c.nc.(*net.TCPConn).SetReadBuffer(64 << 10)
	c.get("/1")
	<-began
	res, err := http.ReadResponse(c.br, nil)
	if err != nil {
		t.Fatal(err)
	}
	const all = 16 << 20 // more than what the kernel keeps
	text := make([]byte, all)
	if _, err := io.ReadFull(res.Body, text); err != nil {
		t.Fatal(err)
	}
	if i := strings.Index(strings.Repeat("streaming ", all/10+1)[:all], string(text)); i != 0 {
		t.Error("not what was written")
	}
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("who reads no more: %v", err)
	}

	addr, began, ended = streaming(t, 0)
	c = call(t, addr)
	c.get("/1")
	control := <-began
	_ = control.SetWriteDeadline(time.Unix(1, 0))
	if err := <-ended; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("who is cut off: %v", err)
	}
}

// TestDoorTellsHandlers: a handler learns by its context and by a write that the client has left.
func TestDoorTellsHandlers(t *testing.T) {
	before := openDescriptors(t)
	waits, ended := make(chan struct{}), make(chan error, 1)
	addr := doorway(answering).serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		close(waits)
		<-r.Context().Done()
		ended <- r.Context().Err()
	}))
	c := call(t, addr)
	c.get("/1")
	<-waits
	_ = c.nc.Close()
	if err := <-ended; err == nil {
		t.Error("the context has not ended")
	}

	addr, began, failed := streaming(t, 0)
	c = call(t, addr)
	c.get("/1")
	<-began
	_ = c.nc.Close()
	if err := <-failed; err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("writes end by %v", err)
	}
	wantDescriptors(t, before+4) // two listeners, and their epolls
}
