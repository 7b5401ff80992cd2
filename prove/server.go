// Server: the process under proof, and its successors on the same address and data.

package prove

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
)

const (
	startPatience = 20 * time.Second // for a start
	stopPatience  = 20 * time.Second // for an end that was asked for
	drainTime     = time.Second      // the server's --drain
	lastWords     = 32 << 10         // bytes of its log that are kept
)

// server is one process at a time. Faults command it one after the other.
type server struct {
	program []string
	dir     string
	secret  string
	died    func(why string) // called when it ends and nobody asked for it
	ground  *ground          // where it lives; nil for wherever we do

	addr string // host:port, the same for all of them, set by the first start
	log  tail

	mu  sync.Mutex
	now *process // guarded by mu
}

// process is one of them.
type process struct {
	cmd      *exec.Cmd
	input    io.WriteCloser
	answers  chan string   // to commands
	address  chan string   // gets it once
	gone     chan struct{} // closed when it has ended
	err      error         // of Wait; valid when gone
	mu       sync.Mutex
	expected bool // its end; guarded by mu
}

func newServer(program []string, dir, secret string, died func(string)) *server {
	return &server{program: program, dir: dir, secret: secret, died: died, addr: "127.0.0.1:0"}
}

// start starts a process and waits until it is ready.
func (s *server) start(env ...string) error {
	args := append(append([]string{}, s.program[1:]...), "serve", "--fault-disk", "--listen", s.addr,
		"--data", filepath.Join(s.dir, "data"), "--drain", drainTime.String(), "--log-level", "warn")
	p := &process{cmd: exec.Command(s.program[0], args...), answers: make(chan string, 16), address: make(chan string, 1), gone: make(chan struct{})}
	p.cmd.Env = append(append(os.Environ(), "VECHE_TOKEN_SECRET="+s.secret), env...)
	p.cmd.Stderr = &s.log
	var err error
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		return err
	}
	output, err := p.cmd.StdoutPipe()
	if err != nil {
		return err
	}
	start := p.cmd.Start
	if s.ground != nil {
		start = func() error { return s.ground.do(p.cmd.Start) }
	}
	if err := start(); err != nil {
		return err
	}
	go s.live(p, output)
	select {
	case s.addr = <-p.address:
	case <-p.gone:
		return fmt.Errorf("the server did not start: %v\n%s", p.err, s.log.String())
	case <-time.After(startPatience):
		p.expect()
		_ = p.cmd.Process.Kill()
		<-p.gone
		return fmt.Errorf("the server did not say its address within %v:\n%s", startPatience, s.log.String())
	}
	s.mu.Lock()
	s.now = p
	s.mu.Unlock()
	return s.ready()
}

// live reads what the process says and waits for its end.
func (s *server) live(p *process, output io.Reader) {
	defer close(p.gone)
	lines := bufio.NewScanner(output)
	told := false
	for lines.Scan() {
		if m := addressLine.FindStringSubmatch(lines.Text()); m != nil {
			if !told {
				told = true
				p.address <- m[1]
			}
			continue
		}
		select {
		case p.answers <- lines.Text():
		default: // nobody has asked
		}
	}
	p.err = p.cmd.Wait()
	p.mu.Lock()
	expected := p.expected
	p.mu.Unlock()
	if told && !expected {
		s.died(fmt.Sprintf("the server ended by itself: %v\n%s", p.err, s.log.String()))
	}
}

var addressLine = regexp.MustCompile(`https?://([^\s/"]+:\d+)`)

// ready asks whether it is.
func (s *server) ready() error {
	c := &http.Client{Timeout: startPatience, Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := c.Get("http://" + s.addr + "/readyz")
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server is not ready after its start: %s", resp.Status)
	}
	return nil
}

func (p *process) expect() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.expected = true
}

// current is the process that runs, or ran last.
func (s *server) current() *process {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

// pid is the process's that runs, or ran last.
func (s *server) pid() int { return s.current().cmd.Process.Pid }

// kill ends it without last words.
func (s *server) kill() error {
	p := s.current()
	p.expect()
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.gone
	return nil
}

// ended waits for an end that was asked for.
func (p *process) ended() error {
	select {
	case <-p.gone:
		return p.err
	case <-time.After(stopPatience):
		_ = p.cmd.Process.Kill()
		<-p.gone
		return fmt.Errorf("the server did not end within %v", stopPatience)
	}
}

// stop asks it to drain and waits; it must exit with 0.
func (s *server) stop() error {
	p := s.current()
	p.expect()
	if err := terminate(p.cmd.Process); err != nil {
		return err
	}
	if err := p.ended(); err != nil {
		return fmt.Errorf("a drain: %w\n%s", err, s.log.String())
	}
	return nil
}

// insist asks it twice to end, which it does at once, with exit code 1.
func (s *server) insist() error {
	p := s.current()
	p.expect()
	for range 2 {
		if err := terminate(p.cmd.Process); err != nil && !errors.Is(err, os.ErrProcessDone) {
			return err
		}
		time.Sleep(20 * ms) // two signals at once are one
	}
	if err := p.ended(); err != nil && p.cmd.ProcessState.ExitCode() != 1 {
		return fmt.Errorf("a second signal: %w\n%s", err, s.log.String())
	}
	return nil
}

// commands returns what has its disk obey.
func (s *server) commands(format string, args ...any) func() error {
	return func() error { return s.command(fmt.Sprintf(format, args...)) }
}

// command has its disk obey.
func (s *server) command(line string) error {
	p := s.current()
	if _, err := io.WriteString(p.input, line+"\n"); err != nil {
		return err
	}
	select {
	case answer := <-p.answers:
		if answer != "ok" {
			return fmt.Errorf("the disk answers %q to %q", answer, line)
		}
		return nil
	case <-p.gone:
		return fmt.Errorf("the server is gone: %v", p.err)
	case <-time.After(startPatience):
		return fmt.Errorf("the disk does not answer %q", line)
	}
}

// cutPower ends it, and of what was not synced a part reaches the disk that seed chooses.
func (s *server) cutPower(seed uint64) error {
	p := s.current()
	p.expect()
	if _, err := fmt.Fprintf(p.input, "cut %d\n", seed); err != nil {
		return err
	}
	if err := p.ended(); p.cmd.ProcessState.ExitCode() != 9 {
		return fmt.Errorf("a power cut: %v", err)
	}
	return nil
}

// tail keeps the last of what the processes printed.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text.Write(p)
	if over := t.text.Len() - lastWords; over > 0 {
		t.text.Next(over)
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return strings.TrimSpace(t.text.String())
}
