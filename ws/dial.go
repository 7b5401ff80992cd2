package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Dial connects to a server: RFC 6455, section 4.1. The address begins with ws:// or wss:// (http://
// and https:// mean the same). A nil o means the zero DialOptions.
//
// It goes through a proxy where DialOptions.Proxy or the environment names one. It does not follow
// redirects: the error's Status and the Location in its Header say where the server would send us. If
// the server's answer is not a good one, the error is a *HandshakeError, and the response comes with
// it, its body cut to 1 KiB. The context is for the handshake only.
//
// The handshake is that of HTTP/1.1, or with DialOptions.HTTP2 that of HTTP/2 (RFC 8441).
func Dial(ctx context.Context, address string, o *DialOptions) (*Conn, *http.Response, error) {
	if o == nil {
		o = &DialOptions{}
	}
	timeout := o.HandshakeTimeout
	orDefault(&timeout, 30*time.Second)
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	u, err := parseURL(address)
	if err != nil {
		return nil, nil, err
	}
	for _, p := range o.Subprotocols {
		if !isToken(p) {
			return nil, nil, clientMistake("subprotocol %q is not a token", p)
		}
	}
	req := newRequest(ctx, u, o)
	if o.HTTP2 != nil {
		c, res, err := o.HTTP2.dial(req, o)
		if err != nil {
			err = asHandshakeError(err, "no stream from "+u.Host)
		}
		return c, res, err
	}
	nc, err := connect(ctx, req, o)
	if err != nil {
		return nil, nil, asHandshakeError(err, "cannot connect to "+u.Host)
	}
	var c *Conn
	var res *http.Response
	err = whileAlive(ctx, nc, func() (err error) {
		c, res, err = shake(nc, req, o)
		return err
	})
	if err != nil {
		if c != nil {
			_ = c.CloseNow() // the context ended after the answer came
		}
		_ = nc.Close()
		return nil, res, asHandshakeError(err, "no answer from "+u.Host)
	}
	return c, res, nil
}

// whileAlive runs f, and ends what it waits for on nc when ctx ends. After an error nc is of no use.
func whileAlive(ctx context.Context, nc net.Conn, f func() error) error {
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	err := f()
	if _, said := errors.AsType[*HandshakeError](err); !stop() && !said {
		return ctx.Err()
	}
	return err
}

// asHandshakeError wraps what is no *HandshakeError yet.
func asHandshakeError(err error, text string) error {
	if _, ok := errors.AsType[*HandshakeError](err); ok {
		return err
	}
	return &HandshakeError{By: Server, Text: text, wrapped: err}
}

func clientMistake(format string, args ...any) *HandshakeError {
	return &HandshakeError{By: Client, Text: fmt.Sprintf(format, args...)}
}

func parseURL(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, &HandshakeError{By: Client, Text: "bad URL", wrapped: err}
	}
	switch u.Scheme {
	case "ws":
		u.Scheme = "http"
	case "wss":
		u.Scheme = "https"
	case "http", "https":
	default:
		return nil, clientMistake("scheme %q is not ws or wss", u.Scheme)
	}
	if u.Host == "" {
		return nil, clientMistake("the URL %q has no host", address)
	}
	if u.Fragment != "" {
		return nil, clientMistake("the URL %q has a fragment", address) // RFC 6455, section 3
	}
	return u, nil
}

// connect makes the connection beneath, through a proxy if there is one, and with TLS where the URL
// says so.
func connect(ctx context.Context, req *http.Request, o *DialOptions) (net.Conn, error) {
	address := withPort(req.URL.Host, req.URL.Scheme)
	proxy, err := proxyFor(req, o)
	if err != nil {
		return nil, err
	}
	var nc net.Conn
	if proxy == nil {
		nc, err = o.dial(ctx, address)
	} else {
		nc, err = tunnel(ctx, proxy, address, o)
	}
	if err != nil || req.URL.Scheme != "https" {
		return nc, err
	}
	alpn := "http/1.1"
	if o.HTTP2 != nil {
		alpn = "h2"
	}
	return secure(ctx, nc, req.URL.Hostname(), o.TLSConfig, alpn)
}

func (o *DialOptions) dial(ctx context.Context, address string) (net.Conn, error) {
	if o.DialContext != nil {
		return o.DialContext(ctx, "tcp", address)
	}
	return new(net.Dialer).DialContext(ctx, "tcp", address)
}

// limit lets no more than headers be read from nc, of so many bytes all together.
func (o *DialOptions) limit(nc net.Conn) (limited *io.LimitedReader, maxHeader int) {
	maxHeader = o.MaxHandshake
	orDefault(&maxHeader, defaultMaxHandshake)
	return &io.LimitedReader{R: nc, N: int64(maxHeader)}, maxHeader
}

// shake sends the request and checks the answer.
func shake(nc net.Conn, req *http.Request, o *DialOptions) (*Conn, *http.Response, error) {
	if err := req.Write(nc); err != nil {
		return nil, nil, err
	}
	limited, maxHeader := o.limit(nc)
	br := bufio.NewReader(limited)
	res, err := readAnswer(br, req)
	if err != nil {
		if limited.N <= 0 {
			return nil, nil, &HandshakeError{By: Server, Text: fmt.Sprintf("the answer's header is above %d bytes", maxHeader)}
		}
		return nil, nil, err
	}
	o.keepCookies(req, res)
	problem := checkUpgraded(res, req.Header.Get(headerKey))
	var deflate *deflateParams
	if problem == nil {
		deflate, problem = checkAnswer(res, o)
	}
	if problem != nil {
		limited.N = maxRefusalBody
		problem.keepBody(res)
		return nil, res, problem
	}
	early, err := earlyBytes(br)
	if err == nil {
		err = nc.SetDeadline(time.Time{})
	}
	if err != nil {
		return nil, nil, err
	}
	return newConn(nc, Client, res.Header.Get(headerProtocol), o.Options, deflate, early), res, nil
}

// readAnswer passes over what comes before the answer: "A client MUST be able to parse one or more 1xx
// responses received prior to a final response" (RFC 9110, section 15.2). To who has asked for an
// upgrade 101 is final.
func readAnswer(br *bufio.Reader, req *http.Request) (*http.Response, error) {
	for {
		res, err := http.ReadResponse(br, req)
		if err != nil || res.StatusCode >= 200 || res.StatusCode == http.StatusSwitchingProtocols {
			return res, err
		}
	}
}

func (o *DialOptions) keepCookies(req *http.Request, res *http.Response) {
	if cookies := res.Cookies(); o.Jar != nil && len(cookies) > 0 {
		o.Jar.SetCookies(req.URL, cookies)
	}
}

// keepBody reads the beginning of a refusal's body.
func (e *HandshakeError) keepBody(res *http.Response) {
	e.Body, _ = io.ReadAll(io.LimitReader(res.Body, maxRefusalBody))
	res.Body = io.NopCloser(bytes.NewReader(e.Body))
}

func newRequest(ctx context.Context, u *url.URL, o *DialOptions) *http.Request {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	h := o.Header.Clone()
	if h == nil {
		h = http.Header{}
	}
	host := u.Host
	if v := h.Get("Host"); v != "" {
		host = v
	}
	h.Del("Host")
	h.Set("Upgrade", "websocket")
	h.Set("Connection", "Upgrade")
	h.Set(headerVersion, version)
	h.Set(headerKey, base64.StdEncoding.EncodeToString(key))
	if len(o.Subprotocols) > 0 {
		h.Set(headerProtocol, strings.Join(o.Subprotocols, ", "))
	}
	if offer := offerDeflate(&o.Options); offer != "" {
		h.Set(headerExtensions, offer)
	}
	if u.User != nil && h.Get("Authorization") == "" {
		h.Set("Authorization", basic(u.User))
	}
	req := (&http.Request{Method: http.MethodGet, URL: u, Host: host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}).WithContext(ctx)
	if o.Jar != nil {
		for _, cookie := range o.Jar.Cookies(u) {
			req.AddCookie(cookie)
		}
	}
	return req
}

// badAnswer is the error of an answer that is no good.
func badAnswer(res *http.Response, text string) *HandshakeError {
	return &HandshakeError{By: Server, Status: res.StatusCode, Text: text, Header: res.Header}
}

// checkStatus wants the status of a good answer.
func checkStatus(res *http.Response, good bool) *HandshakeError {
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return badAnswer(res, "server redirects to "+res.Header.Get("Location")+", which is not followed")
	case !good:
		return badAnswer(res, "server refused")
	}
	return nil
}

// checkUpgraded obeys RFC 6455, section 4.1, "Once the client's opening handshake has been sent", as far
// as it is about HTTP/1.1.
func checkUpgraded(res *http.Response, key string) *HandshakeError {
	if problem := checkStatus(res, res.StatusCode == http.StatusSwitchingProtocols); problem != nil {
		return problem
	}
	switch {
	case !res.ProtoAtLeast(1, 1):
		return badAnswer(res, "the answer is of "+res.Proto+", which has no upgrades")
	case !isOnly(res.Header, "Upgrade", "websocket"):
		return badAnswer(res, "the answer's Upgrade header is not websocket")
	case !hasToken(res.Header, "Connection", "upgrade"):
		return badAnswer(res, "the answer's Connection header does not contain Upgrade")
	case !slices.Equal(res.Header[headerAccept], []string{acceptKey(key)}):
		return badAnswer(res, "Sec-WebSocket-Accept does not answer the key")
	}
	return nil
}

// checkAnswer obeys the rest of that section, which holds over HTTP/2 too.
func checkAnswer(res *http.Response, o *DialOptions) (*deflateParams, *HandshakeError) {
	switch p := res.Header[headerProtocol]; {
	case len(p) > 1 || len(p) == 1 && !slices.Contains(o.Subprotocols, p[0]):
		return nil, badAnswer(res, "server chose a subprotocol that was not offered")
	}
	list, ok := parseExtensions(res.Header[headerExtensions])
	if !ok {
		return nil, badAnswer(res, "Sec-WebSocket-Extensions is malformed")
	}
	d, problem := agreeDeflate(list, &o.Options)
	if problem != "" {
		return nil, badAnswer(res, problem)
	}
	return d, nil
}

func isOnly(h http.Header, name, value string) bool {
	return len(h[name]) == 1 && strings.EqualFold(strings.Trim(h[name][0], " \t"), value)
}
