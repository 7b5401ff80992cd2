// Proxy: from clients to the server, through the faults of a plan.

package hostile

import (
	"context"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

// maxLog bounds what Log tells: the first so many exchanges.
const maxLog = 10_000

// Entry is one exchange and what happened to it.
type Entry struct {
	Exchange
	Fault Fault
}

// Proxy is a bad network in front of one server. It is safe for concurrent use.
type Proxy struct {
	Addr string // where it listens, host:port on loopback

	plan    Plan
	server  *http.Server
	forward *httputil.ReverseProxy
	serving sync.WaitGroup

	mu sync.Mutex
	// guarded by mu
	calm   bool
	closed bool
	counts map[Kind]int
	lines  map[*line]struct{}
	log    []Entry
}

type lineKey struct{}

// New listens on a free port of loopback, in front of the server at target, host:port. Close it.
func New(target string, plan Plan) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	to := &url.URL{Scheme: "http", Host: target}
	p := &Proxy{Addr: l.Addr().String(), plan: plan, counts: map[Kind]int{}, lines: map[*line]struct{}{}}
	p.forward = &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(to)
			r.Out.Host = r.In.Host
		},
		// Without keep-alive: a connection that died with the server is no fault of the plan's.
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		FlushInterval: -1,
		ErrorLog:      log.New(io.Discard, "", 0),
	}
	p.server = &http.Server{
		Handler:           p,
		ReadHeaderTimeout: time.Minute,
		ErrorLog:          log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, lineKey{}, c)
		},
	}
	p.serving.Go(func() { _ = p.server.Serve(&listener{l, p}) })
	return p, nil
}

// URL is where clients go: scheme ("http", "ws") and path.
func (p *Proxy) URL(scheme, path string) string { return scheme + "://" + p.Addr + path }

// Calm lets everything pass from now on, and cuts what is swallowed.
func (p *Proxy) Calm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calm = true
	for l := range p.lines {
		l.mu.Lock()
		swallowed := l.swallowed
		l.mu.Unlock()
		if swallowed {
			l.reset()
		}
	}
}

// CutAll resets every connection that there is.
func (p *Proxy) CutAll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		l.reset()
	}
}

// HangUp ends every connection that there is as one that is closed in good order (FIN), in the middle of whatever passes.
func (p *Proxy) HangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		_ = l.Close()
	}
}

// Log returns what was done so far, the first 10,000 exchanges.
func (p *Proxy) Log() []Entry {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.log)
}

// Close ends everything and waits for it.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.server.Close()
	p.CutAll()
	p.serving.Wait()
}

// ServeHTTP carries one exchange.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l := r.Context().Value(lineKey{}).(*line)
	f, open := p.decide(r)
	if !open {
		l.reset()
		return
	}
	defer p.serving.Done()
	l.pause(f.Delay)
	switch f.Act {
	case Drop:
		l.reset()
	case Refuse:
		http.Error(w, "the network says no", f.Status)
	case Lose:
		p.forwardUnseen(r, f.Hold)
		l.reset()
	case Replace:
		p.forwardUnseen(r, f.Hold)
		http.Error(w, "the network says no", f.Status)
	default:
		l.arm(f)
		defer l.disarm()
		p.forward.ServeHTTP(w, r)
	}
}

// decide asks the plan, and writes down what it says. The exchange is being served then, unless the
// proxy is closed.
func (p *Proxy) decide(r *http.Request) (f Fault, open bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return Fault{}, false
	}
	p.serving.Add(1)
	x := Exchange{Kind: kindOf(r), Method: r.Method, Path: r.URL.Path}
	x.N = p.counts[x.Kind]
	p.counts[x.Kind]++
	if !p.calm {
		f = p.plan(x)
	}
	if f.Act == "" {
		f.Act = Pass
	}
	if len(p.log) < maxLog {
		p.log = append(p.log, Entry{x, f})
	}
	return f, true
}

func kindOf(r *http.Request) Kind {
	switch {
	case r.Header.Get("Upgrade") != "":
		return Upgrade
	case strings.Contains(r.Header.Get("Accept"), "text/event-stream"):
		return Stream
	}
	return Request
}

// forwardUnseen lets the server answer, at most for that long, where nobody sees it. An upgrade is not
// carried on: the server sees a client that goes away.
func (p *Proxy) forwardUnseen(r *http.Request, atMost time.Duration) {
	ctx := r.Context()
	if atMost > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, atMost)
		defer cancel()
	}
	defer func() { _ = recover() }() // http.ErrAbortHandler, if the server goes away in the middle
	p.forward.ServeHTTP(httptest.NewRecorder(), r.WithContext(ctx))
}

// listener hands out lines and keeps them known.
type listener struct {
	net.Listener
	proxy *Proxy
}

func (n *listener) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l := newLine(c)
	n.proxy.keep(l)
	return l, nil
}

// keep knows a line as long as it lives.
func (p *Proxy) keep(l *line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		_ = l.Close()
		return
	}
	p.lines[l] = struct{}{}
	p.serving.Go(func() {
		<-l.gone
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.lines, l)
	})
}

// Strike sets a fault on connections that are open now, each with a probability of share that the seed decides. It
// counts bytes from now on, and holds for an exchange until that ends.
func (p *Proxy) Strike(seed uint64, share float64, f Fault) {
	r := rand.New(rand.NewPCG(seed, 0))
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		if r.Float64() < share {
			l.arm(f)
		}
	}
}

// Relieve ends the faults that do not end by themselves on the connections that are open now.
func (p *Proxy) Relieve() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		l.disarm()
	}
}
