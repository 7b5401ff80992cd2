package faultdisk_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/store/sqlite"
	"github.com/vechehq/veche/store/sqlite/faultdisk"
)

// dirVar makes the test binary a process that appends on a failing disk. It takes the disk's commands
// from its standard input.
const dirVar = "VECHE_TEST_FAULT_DISK"

func TestMain(m *testing.M) {
	if dir := os.Getenv(dirVar); dir != "" {
		fmt.Println("error:", child(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

const room = "r"

// child appends, a few at a time, and prints what is acknowledged.
func child(dir string) error {
	disk, err := faultdisk.Attach()
	if err != nil {
		return err
	}
	s, err := open(dir, faultdisk.Name)
	if err != nil {
		return err
	}
	go disk.Obey(os.Stdin, os.Stdout)
	slots := make(chan struct{}, 8)
	for i := 0; ; i++ {
		slots <- struct{}{}
		cid := fmt.Sprint(os.Getpid(), "-", i)
		body := hub.Body{Format: hub.Text, Data: []byte(strings.Repeat("x", rand.IntN(2000)))}
		s.Append(&hub.Message{Room: room, From: "u", CID: cid, Body: body}, func(m *hub.Message, _ bool, err error) {
			if err != nil {
				fmt.Println("failed", cid, 0)
			} else {
				fmt.Println("acked", cid, m.Seq)
			}
			<-slots
		})
	}
}

func open(dir, vfs string) (*sqlite.Store, error) {
	return sqlite.Open(filepath.Join(dir, "veche.db"), &sqlite.Options{VFS: vfs})
}

// process is a child, seen from outside.
type process struct {
	t     *testing.T
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines *bufio.Reader
	acked map[string]uint64 // cid → seq
}

func start(t *testing.T, dir string) *process {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), self), acked: map[string]uint64{}}
	p.cmd.Env = append(os.Environ(), dirVar+"="+dir)
	p.cmd.Stderr = os.Stderr
	in, err1 := p.cmd.StdinPipe()
	out, err2 := p.cmd.StdoutPipe()
	if err := errors.Join(err1, err2, p.cmd.Start()); err != nil {
		t.Fatal(err)
	}
	p.in, p.lines = in, bufio.NewReader(out)
	return p
}

func (p *process) tell(command string) {
	p.t.Helper()
	if _, err := fmt.Fprintln(p.in, command); err != nil {
		p.t.Fatal(err)
	}
}

// next reads a line, and reports what happened to a message: "acked" or "failed", or "ok" for a
// command; "" at the end.
func (p *process) next() string {
	p.t.Helper()
	line, err := p.lines.ReadString('\n')
	if err != nil { // an unfinished line was heard by nobody
		return ""
	}
	var what, cid string
	var seq uint64
	if n, _ := fmt.Sscan(line, &what, &cid, &seq); n == 3 && what == "acked" {
		p.acked[cid] = seq
	} else if what == "error:" {
		p.t.Fatal(line)
	}
	return what
}

// until reads until so many of one kind have come.
func (p *process) until(what string, n int) {
	p.t.Helper()
	for n > 0 {
		switch p.next() {
		case what:
			n--
		case "":
			p.t.Fatalf("the process ended while waiting for %d more %s", n, what)
		}
	}
}

// end reads the rest and waits for the process to be gone.
func (p *process) end() {
	p.t.Helper()
	for p.next() != "" {
	}
	_ = p.cmd.Wait()
}

// lost says which acknowledged messages are not where they were said to be.
func (p *process) lost(dir string) (lost []string) {
	p.t.Helper()
	s, err := open(dir, "")
	if err != nil {
		p.t.Fatal("the database does not open any more:", err)
	}
	defer s.Close(context.Background())
	log, err := s.Read(p.t.Context(), room, 1, 1<<53, 1<<20)
	if err != nil {
		p.t.Fatal(err)
	}
	for cid, seq := range p.acked {
		if seq == 0 || seq > uint64(len(log)) || log[seq-1].CID != cid {
			lost = append(lost, fmt.Sprint(cid, " at ", seq))
		}
	}
	return lost
}

// A power cut at any moment, whatever part of the unsynced sectors had reached the disk, loses nothing
// that was acknowledged. The database grows from one cut to the next.
func TestPowerCut(t *testing.T) {
	dir := t.TempDir()
	acked := map[string]uint64{}
	for seed := range uint64(8) {
		p := start(t, dir)
		p.acked = acked
		p.until("acked", 1+rand.IntN(400))
		p.tell(fmt.Sprint("cut ", seed))
		p.end()
		if lost := p.lost(dir); len(lost) > 0 {
			t.Fatalf("cut %d: %d of %d acknowledged messages are lost, among them %s", seed, len(lost), len(acked), lost[0])
		}
	}
}

// A disk that lies about syncing loses acknowledged messages: so a lost sync would be seen.
func TestLieIsSeen(t *testing.T) {
	dir := t.TempDir()
	p := start(t, dir)
	p.until("acked", 50)
	p.tell("lie on")
	p.until("ok", 1)
	p.until("acked", 200)
	p.cmd.Process.Kill()
	p.end()
	if lost := p.lost(dir); len(lost) < 100 {
		t.Errorf("%d of %d acknowledged messages are lost; nothing of the last 200 was synced", len(lost), len(p.acked))
	}
}

// A disk that is full, or cannot sync, refuses messages, and takes them again when it is well.
func TestFullAndFailing(t *testing.T) {
	for _, fault := range []struct{ begin, end string }{{"room 20000", "room -1"}, {"fail on", "fail off"}} {
		t.Run(fault.begin, func(t *testing.T) {
			dir := t.TempDir()
			p := start(t, dir)
			p.until("acked", 20)
			p.tell(fault.begin)
			p.until("failed", 20)
			p.tell(fault.end)
			p.until("acked", 20)
			p.tell("cut 1")
			p.end()
			if lost := p.lost(dir); len(lost) > 0 {
				t.Errorf("lost: %v", lost)
			}
		})
	}
}

func TestSlowSync(t *testing.T) {
	p := start(t, t.TempDir())
	p.until("acked", 10)
	p.tell("delay 300ms")
	p.until("ok", 1)
	p.until("acked", 16) // those under way may have been synced before
	begin := time.Now()
	p.until("acked", 16)
	if took := time.Since(begin); took < 300*time.Millisecond {
		t.Errorf("two groups of acknowledgements took %v", took)
	}
	p.tell("cut 1")
	p.end()
}

func TestUnknownCommands(t *testing.T) {
	disk, err := faultdisk.Attach()
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"", "cut", "cut x", "fail", "fail 1", "delay", "room much", "fly on"} {
		var answer strings.Builder
		disk.Obey(strings.NewReader(line+"\n"), &answer)
		if !strings.HasPrefix(answer.String(), "error: ") {
			t.Errorf("%q was answered with %q", line, answer.String())
		}
	}
}
