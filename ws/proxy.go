package ws

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
)

// proxyFor returns the proxy that req goes through, nil for none.
func proxyFor(req *http.Request, o *DialOptions) (*url.URL, error) {
	choose := o.Proxy
	if choose == nil {
		choose = http.ProxyFromEnvironment
	}
	proxy, err := choose(req)
	switch {
	case err != nil:
		return nil, &HandshakeError{By: Client, Text: "no proxy could be chosen", wrapped: err}
	case proxy == nil:
		return nil, nil
	case proxy.Scheme != "http" && proxy.Scheme != "https":
		return nil, clientMistake("scheme %q of the proxy is not http or https", proxy.Scheme)
	case proxy.Hostname() == "":
		return nil, clientMistake("the URL of the proxy has no host")
	}
	return proxy, nil
}

// tunnel connects to a proxy and asks it for a way to the address: RFC 9110, section 9.3.6.
func tunnel(ctx context.Context, proxy *url.URL, address string, o *DialOptions) (net.Conn, error) {
	nc, err := o.dial(ctx, withPort(proxy.Host, proxy.Scheme))
	if err == nil && proxy.Scheme == "https" {
		config := o.TLSConfig.Clone()
		if config != nil {
			config.ServerName = "" // which is the server's
		}
		nc, err = secure(ctx, nc, proxy.Hostname(), config, "http/1.1")
	}
	if err != nil {
		return nil, &HandshakeError{By: Server, Proxy: proxy.Host, Text: "cannot connect to the proxy " + proxy.Host, wrapped: err}
	}
	if err := whileAlive(ctx, nc, func() error { return askTunnel(nc, proxy, address, o) }); err != nil {
		_ = nc.Close()
		if e, ok := errors.AsType[*HandshakeError](err); ok {
			e.Proxy = proxy.Host
			return nil, e
		}
		return nil, &HandshakeError{By: Server, Proxy: proxy.Host, Text: "no answer from the proxy " + proxy.Host, wrapped: err}
	}
	return nc, nil
}

// askTunnel sends CONNECT and reads the answer: "Any 2xx (Successful) response indicates that the
// sender (and all inbound proxies) will switch to tunnel mode immediately after the response header
// section".
func askTunnel(nc net.Conn, proxy *url.URL, address string, o *DialOptions) error {
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if proxy.User != nil {
		req.Header.Set("Proxy-Authorization", basic(proxy.User))
	}
	if err := req.Write(nc); err != nil {
		return err
	}
	limited, maxHeader := o.limit(nc)
	br := bufio.NewReader(limited)
	res, err := readAnswer(br, req)
	switch {
	case err != nil && limited.N <= 0:
		return &HandshakeError{By: Server, Text: fmt.Sprintf("the header of the proxy's answer is above %d bytes", maxHeader)}
	case err != nil:
		return err
	case res.StatusCode/100 != 2:
		limited.N = maxRefusalBody
		body, _ := io.ReadAll(io.LimitReader(res.Body, maxRefusalBody))
		return &HandshakeError{By: Server, Status: res.StatusCode, Text: "the proxy " + proxy.Host + " refused",
			Header: res.Header, Body: body}
	case br.Buffered() > 0:
		return &HandshakeError{By: Server, Status: res.StatusCode, Text: "the server spoke before it was asked", Header: res.Header}
	}
	return nil
}

// secure begins TLS with a host on nc, for the protocol of that name in ALPN, and closes it if that fails.
func secure(ctx context.Context, nc net.Conn, host string, config *tls.Config, alpn string) (net.Conn, error) {
	config = config.Clone()
	if config == nil {
		config = &tls.Config{}
	}
	if config.ServerName == "" {
		config.ServerName = host
	}
	config.NextProtos = []string{alpn}
	tc := tls.Client(nc, config)
	if err := tc.HandshakeContext(ctx); err != nil {
		_ = nc.Close()
		return nil, err
	}
	return tc, nil
}

// basic is the value of an Authorization header: RFC 7617.
func basic(u *url.Userinfo) string {
	password, _ := u.Password()
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password))
}
