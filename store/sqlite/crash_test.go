package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	osexec "os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
)

// crashDirVar makes the test binary a process that appends until it is killed.
const crashDirVar = "VECHE_TEST_CRASH_DIR"

// ack is a line that the child prints when a message is acknowledged.
type ack struct {
	room, from, cid string
	seq             uint64
}

// crashChild has several senders append to two rooms for ever, and prints their acks.
func crashChild(dir string) {
	s, err := Open(filepath.Join(dir, "veche.db"), nil)
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	round := os.Getpid()
	for sender := range 20 {
		go func() {
			from := fmt.Sprint("u", sender)
			slots := make(chan struct{}, 4)
			for i := 0; ; i++ {
				slots <- struct{}{}
				m := &hub.Message{
					Room: fmt.Sprint("room", i%2), From: from, CID: fmt.Sprintf("%d-%d", round, i),
					Body: body(rand.IntN(3000)),
				}
				s.Append(m, func(m *hub.Message, dup bool, err error) {
					if err != nil || dup {
						fmt.Println("error:", dup, err)
					} else {
						fmt.Println(m.Room, m.From, m.CID, m.Seq)
					}
					<-slots
				})
			}
		}()
	}
	_, _ = io.Copy(io.Discard, os.Stdin) // until the parent is gone
	os.Exit(1)
}

func crashCommand(t *testing.T, dir string) *osexec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := osexec.CommandContext(t.Context(), self)
	cmd.Env = append(os.Environ(), crashDirVar+"="+dir)
	cmd.Stderr = os.Stderr
	return cmd
}

// crashRun runs a child that ends by itself, and returns what it printed.
func crashRun(t *testing.T, dir string) string {
	t.Helper()
	out, err := crashCommand(t, dir).Output()
	if err == nil {
		t.Error("the child ended well")
	}
	return string(out)
}

// TestCrash kills a process that appends, several times over the same file, and looks whether every
// acknowledged message is there, once, where it was said to be.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	var acks []ack
	for range 5 {
		acks = append(acks, crashRound(t, dir, 50+rand.IntN(1500))...)
		checkAcks(t, dir, acks)
	}
	t.Logf("%d messages were acknowledged", len(acks))
}

// crashRound runs a child, kills it after that many acks, and returns all that it printed.
func crashRound(t *testing.T, dir string, after int) (acks []ack) {
	t.Helper()
	cmd := crashCommand(t, dir)
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil { // an unfinished line was not read by anybody
			break
		}
		var a ack
		if _, err := fmt.Sscan(line, &a.room, &a.from, &a.cid, &a.seq); err != nil {
			t.Fatalf("the child printed %q", line)
		}
		acks = append(acks, a)
		if len(acks) == after {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	_ = cmd.Wait() // killed
	if len(acks) < after {
		t.Fatalf("the child ended after %d acks, before it was killed", len(acks))
	}
	return acks
}

func checkAcks(t *testing.T, dir string, acks []ack) {
	t.Helper()
	s := openIn(t, dir, nil)
	defer s.Close(context.Background())
	logs := make(map[string][]*hub.Message)
	for _, room := range []string{"room0", "room1"} {
		n := checkCount(t, s, room)
		checkLog(t, s, room, n)
		messages, err := s.Read(t.Context(), room, 1, maxSeq, n)
		if err != nil {
			t.Fatal(err)
		}
		logs[room] = messages
		seen := make(map[string]bool)
		var last time.Time
		for _, m := range messages {
			if id := m.From + " " + m.CID; seen[id] {
				t.Fatalf("%s %s is there twice", room, id)
			} else {
				seen[id] = true
			}
			if m.At.Before(last) {
				t.Fatalf("%s seq %d is older than the one before it", room, m.Seq)
			}
			last = m.At
		}
	}
	for _, a := range acks {
		if log := logs[a.room]; a.seq == 0 || a.seq > uint64(len(log)) {
			t.Fatalf("%+v was acknowledged and is lost; the log has %d", a, len(log))
		} else if m := log[a.seq-1]; m.From != a.from || m.CID != a.cid {
			t.Fatalf("%+v was acknowledged; at its place is %s of %s", a, m.CID, m.From)
		}
	}
	checkRetries(t, s, acks)
}

// checkRetries sends again all that was acknowledged, as clients do that did not get to hear it.
func checkRetries(t *testing.T, s *Store, acks []ack) {
	t.Helper()
	type answer struct {
		ack ack
		m   *hub.Message
		dup bool
		err error
	}
	answers := make(chan answer, len(acks))
	for _, a := range acks {
		s.Append(&hub.Message{Room: a.room, From: a.from, CID: a.cid}, func(m *hub.Message, dup bool, err error) {
			answers <- answer{a, m, dup, err}
		})
	}
	for range acks {
		if a := <-answers; a.err != nil || !a.dup || a.m.Seq != a.ack.seq {
			t.Fatalf("a retry of %+v: seq %d, dup %v, err %v", a.ack, a.m.Seq, a.dup, a.err)
		}
	}
}
