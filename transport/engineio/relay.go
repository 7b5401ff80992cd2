package engineio

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"sync"
	"time"

	wire "github.com/vechehq/veche/wire/engineio"
)

// Link carries messages between the nodes that a load balancer chooses from. It may lose some.
type Link interface {
	// Publish gives data to the other nodes. It never blocks, and calls nobody before it returns. data is not changed any more.
	Publish(data []byte)
	// Subscribe calls f for what other nodes publish, until cancel. f returns quickly, and does not change data.
	Subscribe(f func(data []byte)) (cancel func())
}

// relay has requests served by the node whose connection they name. A sid begins with its node.
type relay struct {
	server *Server
	link   Link
	node   string
	cancel func() // of the subscription

	mu      sync.Mutex // guards what follows
	last    uint64
	asked   map[uint64]*asked              // of this node's clients, served elsewhere
	serving map[serving]context.CancelFunc // of other nodes' clients, served here
	tunnels map[tunnelKey]tunnelEnd
	closed  bool
}

// tunnelEnd is a tunnel or a branch. It is called with no lock held.
type tunnelEnd interface {
	hear(l *letter)
	cut(cause error)
}

type serving struct {
	node string
	id   uint64
}

// maxRelayed is how many requests are under way in each direction, and how many WebSockets; above it they are refused.
const maxRelayed = 4096

// asked is a request that another node serves.
type asked struct {
	heard  chan struct{} // closed when that node says that it does
	answer chan *letter
}

// letter is what nodes write each other.
type letter struct {
	To, From string
	Kind     string // "ask", "heard", "answer", "cancel"; "open", "frames", "taken", "end" of a WebSocket
	ID       uint64
	Method   string `json:",omitempty"`
	Query    string `json:",omitempty"`
	Type     string `json:",omitempty"` // content type, of either
	Body     []byte `json:",omitempty"`
	Status   int    `json:",omitempty"` // of HTTP, or of a WebSocket's end

	Own    bool    `json:",omitempty"` // of a tunnel: the sender has counted the ID
	Number uint64  `json:",omitempty"` // of the letter in its tunnel
	Frames []frame `json:",omitempty"`
	Weight int     `json:",omitempty"` // of the frames that are taken
	Reason string  `json:",omitempty"` // of an end
	Broken bool    `json:",omitempty"` // the end was somebody's mistake
}

func newRelay(s *Server, l Link, node string) *relay {
	r := &relay{
		server: s, link: l, node: node,
		asked: make(map[uint64]*asked), serving: make(map[serving]context.CancelFunc), tunnels: make(map[tunnelKey]tunnelEnd),
	}
	r.cancel = l.Subscribe(r.hear)
	return r
}

// close serves nobody any more.
func (r *relay) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.cut()
	r.cancel()
}

// cut ends all tunnels now.
func (r *relay) cut() {
	r.mu.Lock()
	all := make([]tunnelEnd, 0, len(r.tunnels))
	for _, t := range r.tunnels {
		all = append(all, t)
	}
	r.mu.Unlock()
	for _, t := range all {
		t.cut(ErrShutdown)
	}
}

func (r *relay) publish(l letter) {
	l.From = r.node
	data, err := json.Marshal(l)
	if err != nil {
		panic(err) // such letters always marshal
	}
	r.link.Publish(data)
}

const (
	hearing  = time.Second     // for the other node to say that it is there
	relaying = 2 * time.Minute // for its answer; a poll waits for a ping interval at most
)

// serve has the request served elsewhere, and reports whether that node is there.
func (r *relay) serve(w http.ResponseWriter, req *http.Request, node string) bool {
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, int64(r.server.options.MaxPayload)))
	if err != nil {
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		return true
	}
	a, id := r.begin()
	if a == nil {
		return false
	}
	defer r.end(id)
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the server's would end the wait
	r.publish(letter{To: node, Kind: "ask", ID: id, Method: req.Method, Query: req.URL.RawQuery, Type: req.Header.Get("Content-Type"), Body: body})
	answer := r.wait(req.Context(), node, a, id)
	if answer == nil {
		return false
	}
	h := w.Header()
	h.Set("Content-Type", answer.Type)
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(answer.Status)
	_, _ = w.Write(answer.Body) // what is lost with it the client finds out
	return true
}

func (r *relay) begin() (*asked, uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.asked) >= maxRelayed {
		return nil, 0
	}
	r.last++
	a := &asked{heard: make(chan struct{}), answer: make(chan *letter, 1)}
	r.asked[r.last] = a
	return a, r.last
}

func (r *relay) end(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.asked, id)
}

// wait returns the other node's answer, nil if there is none.
func (r *relay) wait(ctx context.Context, node string, a *asked, id uint64) *letter {
	patience := time.NewTimer(hearing)
	defer patience.Stop()
	heard := a.heard
	for {
		select {
		case answer := <-a.answer:
			return answer
		case <-heard:
			heard = nil
			patience.Reset(relaying)
		case <-ctx.Done():
			r.publish(letter{To: node, Kind: "cancel", ID: id})
			return nil
		case <-patience.C:
			return nil
		}
	}
}

// join adds a tunnel, if there is room.
func (r *relay) join(k tunnelKey, t tunnelEnd) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.tunnels) >= maxRelayed {
		return false
	}
	r.tunnels[k] = t
	return true
}

func (r *relay) forget(k tunnelKey) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.tunnels, k)
}

// hear takes a letter.
func (r *relay) hear(data []byte) {
	var l letter
	if json.Unmarshal(data, &l) != nil || l.To != r.node {
		return
	}
	switch l.Kind {
	case "open":
		r.open(&l)
	case "frames", "taken", "end":
		r.mu.Lock()
		t := r.tunnels[tunnelKey{l.From, l.ID, !l.Own}]
		r.mu.Unlock()
		if t != nil {
			t.hear(&l)
		}
	default:
		r.hearRequest(l)
	}
}

// open lets another node's WebSocket try to take over a connection that lives here.
func (r *relay) open(l *letter) {
	status := http.StatusBadRequest
	if t := r.openTunnel(l); t != nil {
		status = http.StatusSwitchingProtocols
		defer t.Wake()
	}
	r.publish(letter{To: l.From, Kind: "answer", ID: l.ID, Status: status})
}

func (r *relay) openTunnel(l *letter) *tunnel {
	req, err := http.NewRequest(http.MethodGet, "/?"+l.Query, nil)
	if err != nil {
		return nil
	}
	req.Header.Set("Upgrade", "websocket")
	c, refusal := r.server.verify(req, req.URL.Query())
	if c == nil || refusal != nil || !c.upgradable() {
		return nil
	}
	t := &tunnel{span: span{relay: r, key: tunnelKey{l.From, l.ID, false}}}
	if !r.join(t.key, t) {
		c.giveUp(nil)
		return nil
	}
	t.mu.Lock()
	t.handler = c.try(t)
	t.mu.Unlock()
	return t
}

// hearRequest takes what is of requests.
func (r *relay) hearRequest(l letter) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch a := r.asked[l.ID]; l.Kind {
	case "ask":
		if !r.closed && len(r.serving) < maxRelayed {
			r.take(l)
		}
	case "cancel":
		if cancel := r.serving[serving{l.From, l.ID}]; cancel != nil {
			cancel()
		}
	case "heard":
		if a != nil {
			close(a.heard)
		}
	case "answer":
		if a != nil && len(a.answer) == 0 {
			a.answer <- &l
		}
	}
}

// take serves another node's request. mu is held.
func (r *relay) take(l letter) {
	ctx, cancel := context.WithCancel(context.Background())
	key := serving{l.From, l.ID}
	r.serving[key] = cancel
	r.server.ends.Go(func() {
		defer func() {
			cancel()
			r.mu.Lock()
			delete(r.serving, key)
			r.mu.Unlock()
		}()
		req, err := http.NewRequestWithContext(ctx, l.Method, "/?"+l.Query, bytes.NewReader(l.Body))
		if err != nil {
			return
		}
		req.Header.Set("Content-Type", l.Type)
		r.publish(letter{To: l.From, Kind: "heard", ID: l.ID})
		rec := &record{header: make(http.Header), status: http.StatusOK}
		r.server.ServeHTTP(rec, req)
		r.publish(letter{To: l.From, Kind: "answer", ID: l.ID, Status: rec.status, Type: rec.header.Get("Content-Type"), Body: rec.body.Bytes()})
	})
}

// record is an answer that goes to another node.
type record struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (r *record) Header() http.Header         { return r.header }
func (r *record) WriteHeader(status int)      { r.status = status }
func (r *record) Write(p []byte) (int, error) { return r.body.Write(p) }

// elsewhere serves a request whose connection lives on another node, or refuses it.
func (s *Server) elsewhere(w http.ResponseWriter, r *http.Request, sid, t string) {
	node, _ := nodeOf(sid)
	switch {
	case s.relay == nil || node == "" || node == s.relay.node:
		s.refuse(w, r, wire.UnknownSession)
	case t == WebSocket && !upgrades(r):
		s.refuse(w, r, wire.BadRequest)
	case t == WebSocket && !s.tunnel(w, r, node), t == Polling && !s.relay.serve(w, r, node):
		s.refuse(w, r, wire.UnknownSession)
	}
}
