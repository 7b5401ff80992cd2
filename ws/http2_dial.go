package ws

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"
)

// HTTP2 is a client's HTTP/2 connections, as streams of which Dial makes WebSockets: RFC 8441. To one
// server there is one, and another when that takes no more streams; one without streams is closed after
// 5 s. The zero value is ready to use, by several goroutines.
//
// Dials that share connections must agree in TLSConfig, Proxy and DialContext: those of the Dial that
// needs a new connection count. DialOptions.MaxHandshake is the first one's.
type HTTP2 struct {
	dialing turn // held while dialing, so that those who come together share

	mu sync.Mutex
	// guarded by mu
	join    func(authority string, tc *tls.Conn) http.RoundTripper // nil before the first connection
	streams http.RoundTripper                                      // over all connections; nil before the first
	dialed  int
}

// idleHTTP2 is how long a connection without streams stays.
const idleHTTP2 = 5 * time.Second

// errNoHTTP2 is for a server that has chosen another protocol, or none.
var errNoHTTP2 = errors.New("the server does not speak HTTP/2")

// dial opens a stream for req, whose context ends the handshake and not the stream.
func (h *HTTP2) dial(req *http.Request, o *DialOptions) (*Conn, *http.Response, error) {
	if req.URL.Scheme != "https" {
		return nil, nil, clientMistake("HTTP/2 is for wss:// only")
	}
	ctx := req.Context()
	alive, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, cancel)
	s, say := newClientStream(cancel)
	res, err := h.ask(connectRequest(s.traced(alive), req, say), o)
	if err == nil && !stop() {
		res.Body.Close()
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		_ = say.Close()
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, nil, err
	}
	o.keepCookies(req, res)
	problem := checkStatus(res, res.StatusCode/100 == 2)
	var deflate *deflateParams
	if problem == nil {
		deflate, problem = checkAnswer(res, o)
	}
	if problem != nil {
		s.refuse(ctx, res, problem, cancel)
		return nil, res, problem
	}
	s.tls = res.TLS
	s.listen(cancelingBody{res.Body, cancel})
	return newConn(s, Client, res.Header.Get(headerProtocol), o.Options, deflate, nil), res, nil
}

// refuse gives up a stream because of its answer. What follows one that accepts is no text.
func (s *http2Stream) refuse(ctx context.Context, res *http.Response, problem *HandshakeError, cancel func()) {
	_ = s.writer.Close()
	body := res.Body
	if res.StatusCode/100 == 2 {
		res.Body = http.NoBody
	} else {
		defer context.AfterFunc(ctx, cancel)()
		problem.keepBody(res)
	}
	cancel()
	_ = body.Close()
}

// newClientStream returns a stream and what it says, as the body of a request that cancel ends. After
// Close the server has a moment to see that body's end, and to end its answer.
func newClientStream(cancel func()) (s *http2Stream, say io.ReadCloser) {
	mouth, say := net.Pipe()
	return &http2Stream{writer: mouth, quit: func() { time.AfterFunc(lingerTime, cancel) }}, say
}

// traced has the context note whose stream it becomes.
func (s *http2Stream) traced(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(i httptrace.GotConnInfo) {
		s.local, s.remote = i.Conn.LocalAddr(), i.Conn.RemoteAddr()
	}})
}

// connectRequest is req as RFC 8441, section 5, has it.
func connectRequest(ctx context.Context, req *http.Request, body io.ReadCloser) *http.Request {
	req = req.Clone(ctx)
	for _, name := range []string{"Upgrade", "Connection", headerKey} {
		req.Header.Del(name)
	}
	req.Header[headerConnect] = []string{"websocket"}
	req.Method, req.Body, req.ContentLength = http.MethodConnect, body, -1
	req.Proto, req.ProtoMajor, req.ProtoMinor = "HTTP/2.0", 2, 0
	return req
}

// ask sends req over a connection that there is, else over a new one.
func (h *HTTP2) ask(req *http.Request, o *DialOptions) (*http.Response, error) {
	for {
		streams, dialed := h.known()
		if streams != nil {
			res, err := streams.RoundTrip(req)
			if _, none := errors.AsType[interface {
				error
				IsHTTP2NoCachedConnError()
			}](err); !none {
				return res, err
			}
		}
		if err := h.extend(req, o, dialed); err != nil {
			return nil, err
		}
	}
}

// known returns the round trips over all connections, and how many were dialed so far.
func (h *HTTP2) known() (http.RoundTripper, int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.streams, h.dialed
}

// extend makes one connection more, unless another goroutine has since dialed was asked for.
func (h *HTTP2) extend(req *http.Request, o *DialOptions, dialed int) error {
	ctx := req.Context()
	if !h.dialing.try() && !h.dialing.take(ctx.Done(), nil) {
		return ctx.Err()
	}
	defer h.dialing.give()
	if _, now := h.known(); now != dialed {
		return nil
	}
	nc, err := connect(ctx, req, o)
	if err != nil {
		return err
	}
	tc := nc.(*tls.Conn)
	if p := tc.ConnectionState().NegotiatedProtocol; p != "h2" {
		_ = tc.Close()
		return errNoHTTP2
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.join == nil {
		h.join = joiner(o)
	}
	h.streams = h.join(req.URL.Host, tc)
	h.dialed++
	return nil
}

// joiner returns what makes TLS connections net/http's, by the way in which its transports do.
func joiner(o *DialOptions) func(authority string, tc *tls.Conn) http.RoundTripper {
	_, maxHeader := o.limit(nil)
	t := &http.Transport{ForceAttemptHTTP2: true, DisableCompression: true, IdleConnTimeout: idleHTTP2, MaxResponseHeaderBytes: int64(maxHeader)}
	t.CloseIdleConnections() // there are none, but now TLSNextProto is filled
	return t.TLSNextProto["h2"]
}

// cancelingBody cancels the request's context when its answer is read no more.
type cancelingBody struct {
	io.ReadCloser
	cancel func()
}

func (b cancelingBody) Close() error {
	err := b.ReadCloser.Close()
	b.cancel()
	return err
}
