package ws

import (
	"net"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// OriginAllowed checks where a browser's request comes from (RFC 6455, section 10.2), as Accept does: for
// doors of the same server that are no WebSockets. patterns are as AcceptOptions.OriginPatterns.
func OriginAllowed(r *http.Request, patterns []string) (bool, error) {
	lines := r.Header["Origin"]
	if len(lines) == 0 {
		return true, nil // not a browser
	}
	if len(lines) > 1 {
		return false, nil
	}
	for _, p := range patterns {
		if p == "*" {
			return true, nil
		}
	}
	u, err := url.Parse(lines[0])
	if err != nil || u.Scheme == "" || u.Host == "" || u.User != nil || u.Path != "" {
		return false, nil // no origin (RFC 6454, section 6.2), or "null"
	}
	scheme := strings.ToLower(u.Scheme)
	origin := withoutDefaultPort(u.Host, scheme)
	hostScheme := scheme // a proxy may have taken the TLS off
	if r.TLS != nil {
		hostScheme = "https"
	}
	if withPort(origin, scheme) == withPort(strings.ToLower(r.Host), hostScheme) {
		return true, nil
	}
	return matchOrigin(patterns, scheme, origin)
}

func matchOrigin(patterns []string, scheme, host string) (bool, error) {
	for _, p := range patterns {
		p = strings.ToLower(p)
		against := host
		if strings.Contains(p, "://") {
			against = scheme + "://" + host
		}
		if p == against {
			return true, nil // also an IPv6 address, whose brackets mean something in a pattern
		}
		if ok, err := path.Match(p, against); ok || err != nil {
			return ok, err
		}
	}
	return false, nil
}

var defaultPorts = map[string]string{"http": "80", "ws": "80", "https": "443", "wss": "443"}

func withoutDefaultPort(host, scheme string) string {
	host = strings.ToLower(host)
	if port := defaultPorts[scheme]; port != "" {
		return strings.TrimSuffix(host, ":"+port)
	}
	return host
}

// withPort adds the scheme's default port to a host that names none.
func withPort(host, scheme string) string {
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), defaultPorts[scheme])
}
