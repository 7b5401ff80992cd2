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
	// Publish gives data to the other nodes. It never blocks. data is not changed any more.
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
}

type serving struct {
	node string
	id   uint64
}

// maxRelayed is how many requests are under way in each direction; above it they are refused.
const maxRelayed = 4096

// asked is a request that another node serves.
type asked struct {
	heard  chan struct{} // closed when that node says that it does
	answer chan *letter
}

// letter is what nodes write each other.
type letter struct {
	To, From string
	Kind     string // "ask", "heard", "answer", "cancel"
	ID       uint64
	Method   string `json:",omitempty"`
	Query    string `json:",omitempty"`
	Type     string `json:",omitempty"` // content type, of either
	Body     []byte `json:",omitempty"`
	Status   int    `json:",omitempty"`
}

func newRelay(s *Server, l Link, node string) *relay {
	r := &relay{server: s, link: l, node: node, asked: make(map[uint64]*asked), serving: make(map[serving]context.CancelFunc)}
	r.cancel = l.Subscribe(r.hear)
	return r
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

// hear takes a letter.
func (r *relay) hear(data []byte) {
	var l letter
	if json.Unmarshal(data, &l) != nil || l.To != r.node {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	switch a := r.asked[l.ID]; l.Kind {
	case "ask":
		if len(r.serving) < maxRelayed {
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
		refuse(w, wire.UnknownSession)
	case t != Polling: // the client goes on polling
		refuse(w, wire.BadRequest)
	case !s.relay.serve(w, r, node):
		refuse(w, wire.UnknownSession)
	}
}
