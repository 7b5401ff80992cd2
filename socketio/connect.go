package socketio

import (
	"bufio"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"

	wire "github.com/vechehq/veche/wire/socketio"
)

// What ends a connection, beside what the codec refuses.
var (
	errState    = errors.New("socketio: a packet out of turn")
	errTooLarge = errors.New("socketio: a packet is too large")
	errJournal  = errors.New("socketio: try again later")
	errCrowded  = errors.New("socketio: too many namespaces on one connection")
)

// Handshake is what a socket's client said to come in.
type Handshake struct {
	Auth    json.RawMessage // the client's auth, an object; {} if it gave none
	Query   url.Values      // of the connection's first request
	Header  http.Header     // of it; not to be changed
	Address string          // the client's, host:port
	Secure  bool            // the connection is TLS
	Time    time.Time
	Visitor any // what Options.Greet has returned
}

// visit is what all sockets of a client have of their handshake, in as little memory as there may be.
type visit struct {
	text    string // lines: the query, the address, the headers as on the wire
	visitor any
	at      int64 // Unix time in nanoseconds
	secure  bool
}

func newVisit(r *http.Request, visitor any) visit {
	var text strings.Builder
	text.WriteString(r.URL.RawQuery + "\n" + r.RemoteAddr + "\n")
	_ = r.Header.WriteSubset(&text, ofTheUpgrade) // a Builder takes everything
	return visit{strings.Clone(text.String()), visitor, time.Now().UnixNano(), r.TLS != nil}
}

// handshake reads it.
func (v *visit) handshake() Handshake {
	line, rest, _ := strings.Cut(v.text, "\n")
	query, _ := url.ParseQuery(line) // what can be read of it
	address, headers, _ := strings.Cut(rest, "\n")
	header, _ := textproto.NewReader(bufio.NewReader(strings.NewReader(headers + "\r\n"))).ReadMIMEHeader() // what it wrote itself
	return Handshake{Query: query, Header: http.Header(header), Address: address, Secure: v.secure, Time: time.Unix(0, v.at), Visitor: v.visitor}
}

// ofTheUpgrade are headers that say nothing of the client.
var ofTheUpgrade = map[string]bool{
	"Connection": true, "Upgrade": true, "Sec-Websocket-Key": true, "Sec-Websocket-Version": true, "Sec-Websocket-Extensions": true,
}

// connect lets a client into a namespace, if all who have a say agree. They are asked on a goroutine.
func (c *client) connect(p *wire.Packet) error {
	auth := json.RawMessage("{}")
	if p.Data != nil {
		auth = p.Data
	}
	n := c.server.namespace(p.Namespace, auth)
	if n == nil {
		c.deny(p.Namespace, &Error{Message: "Invalid namespace"})
		return nil
	}
	s := &Socket{namespace: n, client: c, id: newID(), auth: string(p.Data)}
	c.mu.Lock()
	crowded := len(c.sockets) >= maxNamespaces
	if !crowded {
		c.sockets = append(c.sockets, s)
	}
	c.mu.Unlock()
	if crowded {
		return errCrowded
	}
	n.mu.Lock()
	asked := len(n.middleware) > 0 || n.recovery != nil || n.history != nil
	n.mu.Unlock()
	if !asked {
		s.accept("")
		return nil
	}
	if !c.server.spawn(s.ask) {
		c.leave()
	}
	return nil
}

// deny refuses a namespace.
func (c *client) deny(namespace string, err error) {
	shown, ok := errors.AsType[*Error](err)
	if !ok {
		shown = &Error{Message: err.Error()}
	}
	data, encodeErr := marshal(shown)
	if encodeErr != nil {
		data, _ = marshal(&Error{Message: shown.Message})
	}
	c.push(encode(&wire.Packet{Type: wire.ConnectError, Namespace: namespace, Data: data}), false)
}

// ask asks the middleware, and then for recovery.
func (s *Socket) ask() {
	n := s.namespace
	n.mu.Lock()
	middleware, recovery, history := n.middleware, n.recovery, n.history
	n.mu.Unlock()
	var r *recovering
	if history != nil {
		if err := history.load(); err != nil {
			n.server.options.Log.Error("socket.io: the journal does not answer", "namespace", n.name, "err", err)
			s.client.drop(s)
			s.client.deny(n.name, errJournal)
			return
		}
		if r = history.find(s); r != nil && history.options.SkipMiddleware {
			middleware = nil
		}
	}
	for _, f := range middleware {
		if err := f(s); err != nil {
			s.client.drop(s)
			s.client.deny(n.name, err)
			s.settle(err.Error())
			return
		}
	}
	if history != nil {
		history.admit(s, r)
		s.save(nil)
		return
	}
	pid := ""
	if recovery != nil {
		pid = s.recover(recovery)
	}
	s.accept(pid)
}

// recover goes on where the client was, if it can, and returns the pid for the next time.
func (s *Socket) recover(r Recovery) (pid string) {
	if past, offset := s.past(); past != "" {
		if id, ok := r.Recover(s, past, offset); ok {
			s.id, s.recovered = id, true
			// Its connection before may be dead without another node's knowing it.
			s.namespace.To(id).tell(order{Do: "disconnect", Close: true})
			return past
		}
	}
	return r.PID(s)
}

// past is what the client shows to come back.
func (s *Socket) past() (pid, offset string) {
	var past struct {
		PID    string `json:"pid"`
		Offset string `json:"offset"`
	}
	_ = json.Unmarshal(s.said(), &past) // of another type: there is nothing to recover
	return past.PID, past.Offset
}

// said is what the client gave as auth.
func (s *Socket) said() json.RawMessage {
	if s.auth == "" {
		return json.RawMessage("{}")
	}
	return json.RawMessage(s.auth)
}

// newID makes a socket's id, as long as npm's.
func newID() string {
	var b [15]byte
	_, _ = rand.Read(b[:]) // it never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// accept makes the socket one of its namespace's.
func (s *Socket) accept(pid string) {
	introduced := s.introduce()
	before, gone := s.namespace.add(s, encode(&wire.Packet{Type: wire.Connect, Namespace: s.namespace.name, Data: s.hello(pid)}))
	if introduced {
		time.AfterFunc(settling, s.start)
	}
	if before != nil && before != s {
		before.end("transport close") // the client came back before its connection was known to be dead
		before.client.leave()
	}
	s.client.calm()
	if gone {
		s.end("transport close")
		s.settle("transport close") // it may have ended before there was anything to leave
		return
	}
	s.Wake()
}

func (s *Socket) hello(pid string) []byte {
	hello, err := marshal(struct {
		SID string `json:"sid"`
		PID string `json:"pid,omitempty"`
	}{s.id, pid})
	if err != nil {
		panic(err) // strings always marshal
	}
	return hello
}

// settling is the time between CONNECT and the first call of a handler. Clients that begin to listen when they see CONNECT
// would miss an event that arrives with it.
const settling = 2 * time.Millisecond

// introduce queues the calls of the namespace's handlers for a new socket, before anything else is, and reports whether
// there are any: then somebody is to start them.
func (s *Socket) introduce() bool {
	n := s.namespace
	n.mu.Lock()
	handlers := n.connection
	n.mu.Unlock()
	if len(handlers) == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = true
	s.tasks = append(s.tasks, func() {
		for _, f := range handlers {
			f(s)
		}
		if s.saved() {
			s.Save()
		}
	})
	return true
}
