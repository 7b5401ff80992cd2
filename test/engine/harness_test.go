package engine

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/internal/autobahn"
)

func TestMain(m *testing.M) {
	if os.Getenv(modeVariable) == "" {
		os.Exit(m.Run())
	}
	if err := child(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// besieged is the child, and two who talk to it meanwhile.
type besieged struct {
	*testing.T
	addr   string
	pid    int
	files  int // its descriptors while only the two are there
	others [2]*peer
}

// soon is the child's timeouts, in most sieges: long enough for a child that a busy machine does not let run.
const soon = 3 * time.Second

// inModes runs a siege against a child of its own in each mode.
func inModes(t *testing.T, files int, siege func(s *besieged)) { inModesWithin(t, files, soon, siege) }

func inModesWithin(t *testing.T, files int, soon time.Duration, siege func(s *besieged)) {
	for _, mode := range []string{"loop", "goroutine"} {
		t.Run(mode, func(t *testing.T) {
			s := besiege(t, mode, files, soon)
			siege(s)
			s.talk("afterwards")
			s.recovers()
		})
	}
}

func besiege(t *testing.T, mode string, files int, soon time.Duration) *besieged {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), modeVariable+"="+mode, fmt.Sprint(limitVariable, "=", files), fmt.Sprint(soonVariable, "=", soon))
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the echo ended with: %v", err)
		}
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the echo did not say its address: %v", err)
	}
	s := &besieged{T: t, addr: strings.TrimSpace(line), pid: cmd.Process.Pid}
	for range 20 { // all loops have begun then
		s.dial().leave()
	}
	for i := range s.others {
		s.others[i] = s.dialAt(calm)
	}
	s.files = s.settled()
	return s
}

// held is how long an echo may take: longer, and somebody holds the others up, not the machine.
const held = 20 * time.Second

// talk has the two echoed, soon enough.
func (s *besieged) talk(when string) {
	s.Helper()
	for _, p := range s.others {
		start := time.Now()
		if err := p.echo("are you there"); err != nil {
			s.Fatalf("%s: %v", when, err)
		}
		if took := time.Since(start); took > held {
			s.Errorf("%s: an echo took %v", when, took)
		}
	}
}

// open returns how many descriptors the child has.
func (s *besieged) open() int {
	s.Helper()
	list, err := os.ReadDir(fmt.Sprint("/proc/", s.pid, "/fd"))
	if err != nil {
		s.Fatal(err)
	}
	return len(list)
}

// settled waits until nothing is opened or closed any more, and returns how many are open.
func (s *besieged) settled() int {
	last, same := s.open(), 0
	for tick := time.Tick(20 * time.Millisecond); same < 5; <-tick {
		if n := s.open(); n == last {
			same++
		} else {
			last, same = n, 0
		}
	}
	return last
}

// recovers waits until the child has the descriptors that it had before.
func (s *besieged) recovers() {
	s.Helper()
	deadline := time.Now().Add(patience)
	for tick := time.Tick(20 * time.Millisecond); s.open() > s.files; <-tick {
		if time.Now().After(deadline) {
			s.Fatalf("%d descriptors are open, %d were before", s.open(), s.files)
		}
	}
	s.talk("at the end")
}

// peer is a client that answers pings while it waits for something else.
type peer struct {
	net.Conn
	br *bufio.Reader
}

var request = requestFor("/")

func requestFor(path string) string {
	return "GET " + path + " HTTP/1.1\r\nHost: siege\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
}

func (s *besieged) dial() *peer {
	s.Helper()
	return s.dialAt("/")
}

func (s *besieged) dialAt(path string) *peer {
	s.Helper()
	p, err := dial(s.addr, path)
	if err != nil {
		s.Fatal(err)
	}
	return p
}

func dial(addr, path string) (*peer, error) {
	nc, err := net.DialTimeout("tcp", addr, patience)
	if err != nil {
		return nil, err
	}
	p := &peer{nc, bufio.NewReaderSize(nc, 512)}
	_ = nc.SetDeadline(time.Now().Add(5 * patience))
	if _, err := io.WriteString(nc, requestFor(path)); err != nil {
		nc.Close()
		return nil, err
	}
	res, err := http.ReadResponse(p.br, nil)
	if err != nil {
		nc.Close()
		return nil, err
	}
	if res.StatusCode != http.StatusSwitchingProtocols {
		nc.Close()
		return nil, fmt.Errorf("answered %s", res.Status)
	}
	return p, nil
}

func (p *peer) send(first byte, payload string) error {
	_, err := p.Write(autobahn.Frame{First: first, Payload: payload}.Append(nil, true))
	return err
}

// next returns the next frame that is no ping.
func (p *peer) next() (autobahn.Frame, error) {
	for {
		f, err := autobahn.Read(p.br, false)
		if err != nil || f.First != 0x89 {
			return f, err
		}
		if err := p.send(0x8A, f.Payload); err != nil {
			return f, err
		}
	}
}

func (p *peer) echo(text string) error {
	if err := p.send(0x81, text); err != nil {
		return err
	}
	f, err := p.next()
	if err == nil && (f.First != 0x81 || f.Payload != text) {
		return fmt.Errorf("%q came back as %v", text, f)
	}
	return err
}

// leave closes as one should.
func (p *peer) leave() {
	_ = p.send(0x88, "\x03\xe8")
	_, _ = io.Copy(io.Discard, p.br)
	_ = p.Close()
}

// reset ends the connection without a word.
func (p *peer) reset() {
	_ = p.Conn.(*net.TCPConn).SetLinger(0)
	_ = p.Close()
}
