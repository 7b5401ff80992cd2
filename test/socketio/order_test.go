package socketio

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/socketio"
)

// visit serves a program's Socket.IO until the test ends.
func visit(t *testing.T, io *socketio.Server) *visitor {
	t.Helper()
	web := httptest.NewServer(io)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = io.Close(ctx)
		web.Close()
	})
	return &visitor{t, strings.TrimPrefix(web.URL, "http://") + "/"}
}

// What is said to one and what is said to all arrive in the order in which a program says them, although a broadcast may pass the queue.
func TestEmitAndBroadcastKeepTheirOrder(t *testing.T) {
	const n, pause = 3000, 100
	heard := make(chan struct{}, n/pause+1) // a word for each pause: the client has all, so its queue is empty
	defer close(heard)
	io := socketio.New(nil)
	io.OnConnection(func(s *socketio.Socket) {
		s.On("go", func() {
			for i := range n {
				if i%3 == 0 {
					_ = s.Emit("n", i)
				} else {
					_ = io.Emit("n", i)
				}
				if i%pause == 0 {
					<-heard
				}
			}
		})
	})
	l := visit(t, io).open()
	l.say("40")
	if hello := l.next(); !strings.HasPrefix(hello, "40{") {
		t.Fatalf("got %q", hello)
	}
	l.say(`42["go"]`)
	for i := range n {
		l.want(fmt.Sprintf(`42["n",%d]`, i))
		if t.Failed() {
			return
		}
		if i%pause == 0 {
			heard <- struct{}{}
		}
	}
}

// Who does not read is cut off at Options.Buffer, and nobody waits for it.
func TestABroadcastDoesNotWaitForWhoDoesNotRead(t *testing.T) {
	io := socketio.New(&socketio.Options{Buffer: 1 << 20})
	v := visit(t, io)
	slow, quick := v.open(), v.open()
	for _, l := range []*line{slow, quick} {
		l.say("40")
		l.next()
	}
	text := strings.Repeat("x", 50_000)
	want := `42["text","` + text + `"]`
	const n = 600 // 30 MB: more than all buffers between
	for range n {
		if err := io.Emit("text", text); err != nil {
			t.Fatal(err)
		}
		if quick.want(want); t.Failed() {
			return
		}
	}
	got := 0
	for {
		if _, err := slow.read(); err != nil {
			if errors.Is(err, context.DeadlineExceeded) || got == n {
				t.Errorf("who did not read has got %d, and then: %v", got, err)
			}
			return
		}
		got++
	}
}
