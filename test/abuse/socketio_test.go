package abuse

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vechehq/veche/test/harness"
)

const (
	ioPath   = "/socket.io/?EIO=4&transport=websocket"
	pollPath = "/socket.io/?EIO=4&transport=polling"
)

// member opens a Socket.IO connection by WebSocket that is in a room.
func member(t *testing.T, s *harness.Server, room string) *socket {
	t.Helper()
	k := open(t, s, ioPath, "")
	k.write(text(`40`))
	k.wantText(`40{`)
	k.write(text(`420["join",{"room":"` + room + `"}]`))
	return k
}

// Fifty members by Socket.IO who do not read, in a room where 40 MiB are said.
func TestSocketIOThatNeverReads(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "busy")
	bounded(t, s, 256*mib, func() {
		for range 50 {
			member(t, s, "busy")
		}
		long := strings.Repeat("x", 40<<10)
		for i := range 1000 {
			others.say(fmt.Sprint(i, long))
		}
	})
	others.talk(100)
}

// A hundred thousand who knock and never come in.
func TestSocketIOHandshakes(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}, Timeout: patience}
	defer client.CloseIdleConnections()
	bounded(t, s, 256*mib, func() {
		var left, refused atomic.Int64
		left.Store(100_000)
		var wait sync.WaitGroup
		for range 16 {
			wait.Go(func() {
				for left.Add(-1) >= 0 {
					resp, err := client.Get(s.HTTP(pollPath))
					if err != nil {
						t.Error(err)
						return
					}
					_, _ = io.Copy(io.Discard, resp.Body)
					resp.Body.Close()
					if resp.StatusCode != http.StatusOK {
						refused.Add(1)
					}
				}
			})
		}
		others.talk(50)
		wait.Wait()
		t.Logf("%d were refused", refused.Load())
	})
	others.talk(100)
	member(t, s, "calm").wantText(`430[{"type":"ok"`)
}

// wantText reads until a frame begins so.
func (k *socket) wantText(prefix string) {
	k.t.Helper()
	for {
		_, payload, err := k.frame()
		if err != nil {
			k.t.Fatalf("waiting for %s: %v", prefix, err)
		}
		if strings.HasPrefix(string(payload), prefix) {
			return
		}
	}
}

// Two hundred who announce attachments, send all but the last, and wait.
func TestSocketIOAttachmentsThatNeverCome(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	part := append(header(fin|opBinary, 400_000), make([]byte, 400_000)...)
	bounded(t, s, 512*mib, func() {
		for range 200 {
			k := member(t, s, "calm")
			k.write(text(`453-["send",{"room":"calm","data":{"_placeholder":true,"num":0}}]`))
			k.write(part)
			k.write(part)
		}
		others.talk(100)
	})
}

// What is no packet, by both transports: each ends its own connection.
func TestSocketIOGarbage(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	r := rand.New(rand.NewPCG(1, 2))
	alphabet := []rune("0123456789-/,[]{}\"\\abj_placeholder:true\x1e ж")
	noise := func() string {
		var b strings.Builder
		for range r.IntN(200) {
			b.WriteRune(alphabet[r.IntN(len(alphabet))])
		}
		return b.String()
	}
	bounded(t, s, 128*mib, func() {
		for i := range 2000 {
			k := open(t, s, ioPath, "")
			k.write(text("40"))
			k.wantText("40{")
			_, _ = k.Write(text("4" + noise()))
			_, _ = k.Write(text(noise())) // may be cut off in between
			k.Close()
			if i%10 == 0 {
				resp, err := http.Post(s.HTTP(pollPath+"&sid=x"), "text/plain", strings.NewReader(noise()))
				if err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
		}
		others.talk(100)
	})
	for _, say := range []string{`4abc`, `42`, `42{}`, `459999-["send"]`, `450-["send"]`, `42["send",` + strings.Repeat("[", 1000) + strings.Repeat("]", 1000) + `]`, `2`, `9`} {
		k := open(t, s, ioPath, "")
		k.write(text("40"))
		k.wantText("40{")
		k.write(text(say))
		if _, err := k.closeCode(); err != nil {
			t.Errorf("%.20s does not end the connection: %v", say, err)
		}
	}
	others.talk(100)
}

// Acknowledgements that nobody asked for, and requests whose answers nobody reads.
func TestSocketIOAcks(t *testing.T) {
	s := harness.Start(t)
	others := meet(t, s, "calm")
	for range 100 {
		others.say(strings.Repeat("x", 20<<10))
	}
	bounded(t, s, 128*mib, func() {
		k := member(t, s, "calm")
		for i := range 100_000 {
			k.write(text(fmt.Sprintf(`43%d["x"]`, i)))
		}
		if err := k.SetWriteDeadline(time.Now().Add(2 * time.Second)); err != nil {
			t.Fatal(err)
		}
		for i := 0; ; i++ {
			_, err := k.Write(text(fmt.Sprintf(`42%d["history",{"room":"calm"}]`, i)))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				t.Logf("the server stopped reading after %d requests", i)
				break
			} else if err != nil {
				t.Logf("the server ended it after %d requests: %v", i, err)
				break
			}
		}
	})
	others.talk(100)
}
