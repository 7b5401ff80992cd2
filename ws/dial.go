package ws

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
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
// It does not follow redirects. If the server's answer is not a good one, the error is a
// *HandshakeError, and the response comes with it, its body cut to 1 KiB. The context is for the
// handshake only.
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
	nc, err := connect(ctx, u, o)
	if err != nil {
		return nil, nil, &HandshakeError{By: Server, Text: "cannot connect to " + u.Host, wrapped: err}
	}
	stop := context.AfterFunc(ctx, func() { _ = nc.SetDeadline(time.Unix(1, 0)) })
	c, res, err := shake(nc, u, o)
	if !stop() && err == nil {
		err = ctx.Err()
	}
	if err != nil {
		_ = nc.Close()
		if _, ok := errors.AsType[*HandshakeError](err); !ok {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			err = &HandshakeError{By: Server, Text: "no answer from " + u.Host, wrapped: err}
		}
		return nil, res, err
	}
	return c, res, nil
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

// connect makes the connection beneath, with TLS where the URL says so.
func connect(ctx context.Context, u *url.URL, o *DialOptions) (net.Conn, error) {
	dial := o.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	nc, err := dial(ctx, "tcp", withPort(u.Host, u.Scheme))
	if err != nil || u.Scheme != "https" {
		return nc, err
	}
	config := o.TLSConfig.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = u.Hostname()
	}
	config.NextProtos = []string{"http/1.1"}
	tc := tls.Client(nc, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return tc, nil
}

// shake sends the request and checks the answer.
func shake(nc net.Conn, u *url.URL, o *DialOptions) (*Conn, *http.Response, error) {
	req, key := newRequest(u, o)
	if err := req.Write(nc); err != nil {
		return nil, nil, err
	}
	maxHeader := o.MaxHandshake
	orDefault(&maxHeader, defaultMaxHandshake)
	limited := &io.LimitedReader{R: nc, N: int64(maxHeader)}
	br := bufio.NewReader(limited)
	res, err := http.ReadResponse(br, req)
	if err != nil {
		if limited.N <= 0 {
			return nil, nil, &HandshakeError{By: Server, Text: fmt.Sprintf("the answer's header is above %d bytes", maxHeader)}
		}
		return nil, nil, err
	}
	deflate, problem := checkAnswer(res, key, o)
	if problem != nil {
		limited.N = maxRefusalBody
		problem.Body, _ = io.ReadAll(io.LimitReader(res.Body, maxRefusalBody))
		res.Body = io.NopCloser(bytes.NewReader(problem.Body))
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

func newRequest(u *url.URL, o *DialOptions) (req *http.Request, key string) {
	raw := make([]byte, keySize)
	_, _ = rand.Read(raw) // never fails: it ends the program instead
	key = base64.StdEncoding.EncodeToString(raw)
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
	h.Set(headerKey, key)
	if len(o.Subprotocols) > 0 {
		h.Set(headerProtocol, strings.Join(o.Subprotocols, ", "))
	}
	if offer := offerDeflate(o.Compression); offer != "" {
		h.Set(headerExtensions, offer)
	}
	if u.User != nil && h.Get("Authorization") == "" {
		password, _ := u.User.Password()
		h.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.User.Username()+":"+password)))
	}
	return &http.Request{Method: http.MethodGet, URL: u, Host: host, Header: h,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1}, key
}

// checkAnswer obeys RFC 6455, section 4.1, "Once the client's opening handshake has been sent".
func checkAnswer(res *http.Response, key string, o *DialOptions) (*deflateParams, *HandshakeError) {
	bad := func(text string) (*deflateParams, *HandshakeError) {
		return nil, &HandshakeError{By: Server, Status: res.StatusCode, Text: text, Header: res.Header}
	}
	switch {
	case res.StatusCode >= 300 && res.StatusCode < 400:
		return bad("server redirects to " + res.Header.Get("Location") + ", which is not followed")
	case res.StatusCode != http.StatusSwitchingProtocols:
		return bad("server refused")
	case !isOnly(res.Header, "Upgrade", "websocket"):
		return bad("the answer's Upgrade header is not websocket")
	case !hasToken(res.Header, "Connection", "upgrade"):
		return bad("the answer's Connection header does not contain Upgrade")
	case !slices.Equal(res.Header[headerAccept], []string{acceptKey(key)}):
		return bad("Sec-WebSocket-Accept does not answer the key")
	}
	switch p := res.Header[headerProtocol]; {
	case len(p) > 1 || len(p) == 1 && !slices.Contains(o.Subprotocols, p[0]):
		return bad("server chose a subprotocol that was not offered")
	}
	list, ok := parseExtensions(res.Header[headerExtensions])
	if !ok {
		return bad("Sec-WebSocket-Extensions is malformed")
	}
	d, problem := agreeDeflate(list, o.Compression)
	if problem != "" {
		return bad(problem)
	}
	return d, nil
}

func isOnly(h http.Header, name, value string) bool {
	return len(h[name]) == 1 && strings.EqualFold(strings.Trim(h[name][0], " \t"), value)
}
