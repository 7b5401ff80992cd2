// Load: a crowd of clients in a process of its own, by the built binary.

package harness

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"testing"

	"github.com/vechehq/veche/load"
)

// Crowd is veche load, running.
type Crowd struct {
	Live <-chan load.Figures // each second's; closed at the end

	t       testing.TB
	cmd     *exec.Cmd
	said    bytes.Buffer // on standard error
	summary *load.Summary
	read    chan struct{} // closed when the output has ended
}

// Load puts a crowd on a server, with further arguments of veche load. Live must be read.
func Load(t testing.TB, s *Server, args ...string) *Crowd {
	t.Helper()
	binary, err := veche()
	if err != nil {
		t.Fatal(err)
	}
	live := make(chan load.Figures)
	c := &Crowd{Live: live, t: t, read: make(chan struct{})}
	c.cmd = exec.CommandContext(t.Context(), binary, append([]string{"load", "--json", "--url", s.HTTP("")}, args...)...)
	c.cmd.Stderr = &c.said
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(c.read)
		defer close(live)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var line struct {
				load.Figures
				Summary *load.Summary
			}
			if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
				t.Errorf("load said %q: %v", lines.Text(), err)
				return
			}
			if line.Summary != nil {
				c.summary = line.Summary
				continue
			}
			select {
			case live <- line.Figures:
			case <-t.Context().Done():
				return
			}
		}
	}()
	return c
}

// End ends the load, waits until everything is checked, and returns the summary. Promises that were
// broken fail the test.
func (c *Crowd) End() *load.Summary {
	c.t.Helper()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		c.t.Error(err)
	}
	return c.Wait()
}

// Wait is End for a load that ends by itself.
func (c *Crowd) Wait() *load.Summary {
	c.t.Helper()
	for range c.Live {
	}
	<-c.read
	if err := c.cmd.Wait(); err != nil {
		c.t.Errorf("load: %v: %s", err, &c.said)
	}
	if c.summary == nil {
		c.t.Fatal("load has no summary")
	}
	for _, b := range c.summary.Broken {
		c.t.Error(b)
	}
	return c.summary
}
