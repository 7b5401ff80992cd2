// Line: the connection to a client, with what goes wrong on it.

package hostile

import (
	"bytes"
	"errors"
	"net"
	"sync"
	"time"
)

var errCut = errors.New("hostile: the connection is cut")

// line is a client's connection. The faults of an exchange are set on it before the answer begins.
type line struct {
	net.Conn
	gone chan struct{} // closed by the first Close
	once sync.Once

	mu sync.Mutex
	// guarded by mu
	fault     Fault
	armed     bool // the fault counts what passes
	down, up  int  // bytes that have passed since then
	swallowed bool
	gathered  bytes.Buffer // of Buffer; ≤ fault.After and one write
	holding   *time.Timer  // of Swallow and Buffer
}

func newLine(c net.Conn) *line { return &line{Conn: c, gone: make(chan struct{})} }

// arm sets the fault of the exchange that is under way; disarm ends it. Both let out first what the one before gathered.
func (l *line) arm(f Fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.release()
	l.fault, l.armed, l.down, l.up = f, true, 0, 0
}

func (l *line) disarm() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	l.release()
}

func (l *line) release() {
	if l.gathered.Len() > 0 {
		_, _ = l.Conn.Write(l.gathered.Bytes())
		l.gathered.Reset()
	}
}

// Write writes what the fault lets through.
func (l *line) Write(p []byte) (int, error) {
	l.mu.Lock()
	f, armed := l.fault, l.armed
	if l.swallowed { // for good: what arrives stays a prefix
		l.mu.Unlock()
		return len(p), nil
	}
	if !armed {
		defer l.mu.Unlock()
		l.release() // the end of an answer that was gathered
		return l.Conn.Write(p)
	}
	passes := len(p)
	if f.Act == Cut || f.Act == Swallow {
		passes = max(0, min(passes, f.After-l.down))
	}
	l.down += len(p)
	if f.Act == Buffer {
		defer l.mu.Unlock()
		l.hold(f.Hold)
		l.gathered.Write(p)
		if l.gathered.Len() >= f.After {
			l.release()
		}
		return len(p), nil
	}
	swallow := f.Act == Swallow && passes < len(p)
	if swallow {
		l.swallowed = true
		l.hold(f.Hold)
	}
	l.mu.Unlock()

	l.pause(f.Delay)
	n, err := l.Conn.Write(p[:passes])
	switch {
	case err != nil:
		return n, err
	case !swallow && passes < len(p):
		l.reset()
		return n, errCut
	}
	return len(p), nil
}

// Read reads what the fault lets through.
func (l *line) Read(p []byte) (int, error) {
	for {
		n, err := l.Conn.Read(p)
		l.mu.Lock()
		l.up += n
		cut := l.armed && l.fault.Act == CutUp && l.up > l.fault.After
		swallowed := l.swallowed
		over := l.up - l.fault.After
		l.mu.Unlock()
		switch {
		case cut:
			l.reset()
			return max(0, n-over), errCut
		case swallowed && err == nil:
			continue
		}
		return n, err
	}
}

// pause waits, unless the connection ends first.
func (l *line) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-l.gone:
	}
}

// hold resets the connection after d, if d is not 0. The first call counts; mu is held.
func (l *line) hold(d time.Duration) {
	if d <= 0 || l.holding != nil {
		return
	}
	l.holding = time.AfterFunc(d, l.reset)
}

// reset ends the connection as a broken network does: with a reset, and without what was under way.
func (l *line) reset() {
	if tcp, ok := l.Conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = l.Close()
}

func (l *line) Close() error {
	err := l.Conn.Close() // first: a Write may wait with mu held
	l.once.Do(func() {
		close(l.gone)
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.holding != nil {
			l.holding.Stop()
		}
	})
	return err
}
