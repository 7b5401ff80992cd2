package interop

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/prove/hostile"
	"github.com/vechehq/veche/test/harness"
	"github.com/vechehq/veche/test/peer"
)

const (
	pythonChat = "../../examples/python/chat.py"

	chatRoom  = "python"
	chatShare = 200 // lines of each person
	ahead     = 20  // lines that a person writes without having seen them in the room
)

// The example is promised in 40 lines.
func TestPythonExampleIsShort(t *testing.T) {
	code, err := os.ReadFile(pythonChat)
	if err != nil {
		t.Fatal(err)
	}
	if lines := bytes.Count(code, []byte("\n")); lines > 40 {
		t.Errorf("%d lines", lines)
	}
}

// Two people use examples/python while their connections are cut, one is swallowed, and the server is
// killed and started again.
func TestPythonExample(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	s := harness.Start(t)
	proxy, err := hostile.New(s.Addr, func(x hostile.Exchange) hostile.Fault {
		switch x.N {
		case 0:
			return hostile.Fault{Act: hostile.Refuse, Status: 502}
		case 3:
			return hostile.Fault{Act: hostile.Swallow, After: 3000, Hold: time.Second}
		}
		return hostile.Fault{}
	})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	trouble := map[int]func(){
		40:  proxy.CutAll,
		100: func() { s.Kill(); s.Restart() },
		160: proxy.CutAll,
	}

	var h history.History
	var people []*chatter
	var talking sync.WaitGroup
	for i, name := range []string{"ann", "bob"} {
		c := startChatter(ctx, t, proxy.URL("ws", "/ws"), name)
		people = append(people, c)
		if i == 1 {
			trouble = nil // one of them has it
		}
		trouble := trouble
		talking.Go(func() {
			for n := range chatShare {
				if !c.await(ctx, func() bool { return c.own >= n-ahead }) {
					t.Errorf("%s: after %d lines: %v", name, n, ctx.Err())
					return
				}
				if f := trouble[n]; f != nil {
					f()
				}
				fmt.Fprintf(c.stdin, "%s-%d\n", name, n)
			}
			if !c.await(ctx, func() bool { return c.last >= 2*chatShare }) {
				t.Errorf("%s has not read to the end: %v", name, ctx.Err())
			}
		})
	}
	talking.Wait()
	for _, c := range people {
		for n := range chatShare {
			h.Sends = append(h.Sends, history.Send{Sender: c.name, Body: fmt.Sprint(c.name, "-", n)})
		}
		// It begins with the last twenty.
		read := c.stop(t)
		h.Reads = append(h.Reads, history.Read{Reader: c.name, After: max(read[0].Seq, 1) - 1, Entries: read})
	}
	p, err := peer.Dial(ctx, s.WS("/ws"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer p.WS.CloseNow()
	log, err := p.Log(ctx, chatRoom)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range log {
		h.Log = append(h.Log, history.Entry{Seq: m.Seq, CID: m.CID, Body: m.Text()})
	}
	if len(log) != 2*chatShare {
		t.Errorf("the log holds %d messages, want %d", len(log), 2*chatShare)
	}
	for _, b := range h.Check() {
		t.Error(b)
	}
	if n := len(proxy.Log()); n < 7 {
		t.Errorf("%d connections: this run proves nothing", n)
	}
}

// chatter is a process of the example.
type chatter struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended chan struct{} // its output has ended

	mu sync.Mutex
	// guarded by mu
	read    []history.Entry
	last    uint64 // the seq of the latest
	own     int    // lines of its own among them
	changed chan struct{}
}

func startChatter(ctx context.Context, t *testing.T, url, name string) *chatter {
	t.Helper()
	c := &chatter{name: name, ended: make(chan struct{}), changed: make(chan struct{})}
	c.cmd = exec.CommandContext(ctx, debianPython, pythonChat, url, chatRoom)
	c.cmd.Stderr = t.Output()
	stdin, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.ended)
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			c.hear(lines.Text())
		}
	}()
	return c
}

// hear takes a line of output: seq, sender, text.
func (c *chatter) hear(line string) {
	fields := strings.SplitN(line, "\t", 3)
	e := history.Entry{Body: line}
	if len(fields) == 3 {
		e.Seq, _ = strconv.ParseUint(fields[0], 10, 64)
		e.Body = fields[2]
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read, c.last = append(c.read, e), e.Seq
	if strings.HasPrefix(e.Body, c.name+"-") {
		c.own++
	}
	close(c.changed)
	c.changed = make(chan struct{})
}

// await waits until there is what is asked for; false if the process or ctx has ended before.
func (c *chatter) await(ctx context.Context, there func() bool) bool {
	for {
		c.mu.Lock()
		ok, changed := there(), c.changed
		c.mu.Unlock()
		if ok {
			return true
		}
		select {
		case <-changed:
		case <-c.ended:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// stop ends the process, as somebody does who leaves the chat, and returns what it has printed.
func (c *chatter) stop(t *testing.T) []history.Entry {
	t.Helper()
	if err := c.cmd.Process.Kill(); err != nil {
		t.Errorf("%s has ended before: %v", c.name, err)
	}
	<-c.ended
	_ = c.cmd.Wait() // says that it was killed
	return c.read
}
