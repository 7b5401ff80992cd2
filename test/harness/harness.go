// Package harness runs the built binary for tests: a server on a port of its own with data of its
// own, which can be stopped, killed, and started again as the same one. [Start] starts one. [Echo] and
// [EchoClient] run the engine alone, which is bench/echo. What is run is built when it is first asked
// for, into a place that [Main] makes.
package harness

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long the harness waits for a process to do what it was asked.
const patience = time.Minute

// Server is one process of the binary, and its successors on the same address and data.
type Server struct {
	Addr string // host:port, the same after a Restart

	t     testing.TB
	data  string
	args  []string
	trust *tls.Config // nil without TLS

	cmd *exec.Cmd
	log *tail
}

// Start starts a server on a free port of loopback and waits until it is ready. It is stopped when the test
// ends, and then must exit 0. args are added to the command line.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	return start(t, nil, args)
}

func start(t testing.TB, trust *tls.Config, args []string) *Server {
	t.Helper()
	s := &Server{Addr: hold(t), t: t, data: t.TempDir(), args: args, trust: trust}
	s.Restart()
	t.Cleanup(func() {
		if s.cmd != nil {
			s.Stop()
		}
		if t.Failed() {
			t.Logf("the server's last words:\n%s", s.log)
		}
	})
	return s
}

// Restart starts the server that was killed or stopped again, on the same address and data.
func (s *Server) Restart() {
	s.t.Helper()
	if err := s.restart(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) restart() error {
	binary, err := veche()
	if err != nil {
		return err
	}
	s.log = &tail{address: make(chan string, 1)}
	s.cmd = exec.Command(binary, append([]string{"serve", "--listen", s.Addr, "--data", s.data}, s.args...)...)
	s.cmd.Stdout = s.log
	s.cmd.Stderr = s.log
	if err := s.cmd.Start(); err != nil {
		return err
	}
	select {
	case s.Addr = <-s.log.address:
	case <-time.After(patience):
		return fmt.Errorf("the server did not say its address:\n%s", s.log)
	}
	return s.ready()
}

// ready asks whether the server is ready; it must be, once it has said its address.
func (s *Server) ready() error {
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.HTTP("/readyz"), nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Transport{TLSClientConfig: s.trust, DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		return fmt.Errorf("/readyz: %w\n%s", err, s.log)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("/readyz: %s", resp.Status)
	}
	return nil
}

// Kill ends the process as a power cut would: SIGKILL, no last words.
func (s *Server) Kill() {
	s.t.Helper()
	if err := s.kill(); err != nil {
		s.t.Fatal(err)
	}
}

func (s *Server) kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	s.cmd.Wait() // an error that says "killed"
	s.cmd = nil
	return nil
}

// Stop asks the process to drain, by SIGTERM, and waits; it must exit 0.
func (s *Server) Stop() {
	s.t.Helper()
	if err := s.stop(); err != nil {
		s.t.Error(err)
	}
}

func (s *Server) stop() error {
	err := terminate(s.cmd)
	s.cmd = nil
	if err != nil {
		return fmt.Errorf("after SIGTERM the server ended with: %w\n%s", err, s.log)
	}
	return nil
}

// terminate asks a process to end and waits for it, but not for ever.
func terminate(cmd *exec.Cmd) error {
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	overdue := time.AfterFunc(patience, func() { cmd.Process.Kill() })
	defer overdue.Stop()
	return cmd.Wait()
}

// HTTP returns the http URL of a path.
func (s *Server) HTTP(path string) string { return "http" + s.secure() + s.Addr + path }

// WS returns the ws URL of a path.
func (s *Server) WS(path string) string { return "ws" + s.secure() + s.Addr + path }

func (s *Server) secure() string {
	if s.trust != nil {
		return "s://"
	}
	return "://"
}

// Log is what the process has printed, at least the last 64 KiB of it.
func (s *Server) Log() string { return s.log.String() }

// Says waits until the process has printed that, and fails the test when it does not.
func (s *Server) Says(what string) {
	s.t.Helper()
	overdue := time.After(patience)
	for {
		said, more := s.log.read()
		if strings.Contains(said, what) {
			return
		}
		select {
		case <-more:
		case <-overdue:
			s.t.Fatalf("the server did not say %q:\n%s", what, said)
		}
	}
}

// Peak returns the most memory that the process has had resident, in bytes.
func (s *Server) Peak() int64 { return s.status("VmHWM:") }

// Resident returns the memory that the process has resident, in bytes.
func (s *Server) Resident() int64 { return s.status("VmRSS:") }

// status returns an amount of memory that the system tells of the process, in bytes.
func (s *Server) status(name string) int64 {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		if kb, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(kb), " kB"), 10, 64)
			if err != nil {
				s.t.Fatal(err)
			}
			return n << 10
		}
	}
	s.t.Fatalf("no %s in /proc", name)
	return 0
}

// tail keeps the last of what the process printed, and finds the address that it printed first.
type tail struct {
	address chan string

	mu    sync.Mutex
	lines bytes.Buffer
	told  bool
	more  chan struct{} // closed by the next Write, if somebody waits for it
}

const tailBytes = 64 << 10

var addressLine = regexp.MustCompile(`(?:https?|ws)://([^\s/"]+:\d+)`)

func (l *tail) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines.Write(p)
	if !l.told {
		if m := addressLine.FindSubmatch(l.lines.Bytes()); m != nil {
			l.told = true
			l.address <- string(m[1])
		}
	}
	if over := l.lines.Len() - tailBytes; over > 0 {
		l.lines.Next(over)
	}
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return len(p), nil
}

func (l *tail) String() string {
	said, _ := l.read()
	return said
}

// read returns what was printed, and a channel that is closed when there is more.
func (l *tail) read() (said string, more <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more == nil {
		l.more = make(chan struct{})
	}
	return l.lines.String(), l.more
}

// Script runs a script of another language with the given arguments, reports what it said, and
// fails the test when it did. It returns what was printed on standard output.
func Script(t testing.TB, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout = &stdout
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second
	if err := cmd.Run(); err != nil {
		t.Errorf("%s %s: %v", name, strings.Join(args, " "), err)
	}
	if t.Failed() {
		t.Logf("%s%s", stdout.String(), stderr.String())
	}
	return stdout.String()
}
