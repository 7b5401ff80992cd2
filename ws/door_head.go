package ws

import (
	"bytes"
	"context"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
)

// The head of a request (RFC 9112, sections 2 to 5), as far as a door reads it: it takes what is
// certainly a WebSocket handshake, or a plain GET, and certainly read by net/http in the same way, and nothing else.

// verdict is what a door makes of the first bytes of a connection.
type verdict byte

const (
	unfinished verdict = iota // it may become the head of a GET
	complete
	foreign // net/http's to read
)

const (
	maxHead = 16 << 10 // bytes; larger ones are net/http's
)

const headStart = "GET /"

// headEnd looks for the end of a head, of which the bytes before from were looked at before. It returns
// the head's length when that is there.
func headEnd(b []byte, from int) (n int, v verdict) {
	if k := min(len(b), len(headStart)); string(b[:k]) != headStart[:k] {
		return 0, foreign
	}
	for {
		i := bytes.IndexByte(b[from:], '\n')
		if i < 0 {
			return 0, unfinished
		}
		end := from + i // of a line
		from = end + 1
		if b[end-1] != '\r' {
			return 0, foreign // not even the first byte is a line's end
		}
		if string(b[end-3:end]) == "\r\n\r" {
			return from, complete
		}
	}
}

// seen are the headers that a door looks at, which come once.
type seen byte

const (
	seenHost seen = 1 << iota
	seenUpgrade
	seenConnection // which asks for an upgrade
	seenKeepAlive  // a Connection that asks for nothing
	seenKey
	seenVersion
	seenOrigin
	seenNoBody // a Content-Length of 0
)

// kind is what a request asks for.
type kind byte

const (
	handshake kind = iota
	plain          // a GET without a body on a connection that stays
)

// fits reports whether the headers are those of a request of that kind.
func (has seen) fits(k kind) bool {
	if k == plain {
		return has&^(seenOrigin|seenKeepAlive|seenNoBody) == seenHost
	}
	return has&^seenOrigin == seenHost|seenUpgrade|seenConnection|seenKey|seenVersion
}

// parseHead reads a complete head, as headEnd has found it. It returns nil if that is net/http's to read, or not of that kind.
func parseHead(ctx context.Context, head string, k kind) *http.Request {
	first, rest, _ := strings.Cut(head, "\r\n")
	target, ok := strings.CutSuffix(first[len("GET "):], " HTTP/1.1")
	if !ok || !visible(target) {
		return nil
	}
	header, host := parseLines(rest, k)
	if header == nil {
		return nil
	}
	u, err := url.ParseRequestURI(target)
	if err != nil {
		return nil
	}
	r := (&http.Request{}).WithContext(ctx)
	r.Method, r.URL, r.RequestURI = http.MethodGet, u, target
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.1", 1, 1
	r.Host, r.Header, r.Body = host, header, http.NoBody
	return r
}

// parseLines reads the header lines and the empty one after them. The header is nil if this is not a
// request of that kind beyond doubt. As net/http has it, Host is not in it, and "Pragma: no-cache" says
// Cache-Control too.
func parseLines(rest string, k kind) (h http.Header, host string) {
	var has seen
	most := strings.Count(rest, "\n") - 1
	h = make(http.Header, most)
	values := make([]string, 0, most)
	for rest != "\r\n" {
		var text string
		text, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := strings.Cut(text, ":")
		value = strings.Trim(value, " \t")
		if !ok || !isToken(name) || !plainValue(value) {
			return nil, ""
		}
		name = canonicalName(name)
		this, ok := admit(name, value)
		if !ok || has&this != 0 {
			return nil, ""
		}
		has |= this
		if this == seenHost {
			host = value
			continue
		}
		values = append(values, value)
		if before := h[name]; before != nil {
			h[name] = append(before, value)
		} else {
			n := len(values)
			h[name] = values[n-1 : n : n]
		}
	}
	if !has.fits(k) {
		return nil, ""
	}
	if p := h["Pragma"]; p != nil && p[0] == "no-cache" && h["Cache-Control"] == nil {
		h["Cache-Control"] = []string{"no-cache"}
	}
	return h, host
}

// admit says what a header is to a door, and whether it may be there.
func admit(name, value string) (this seen, ok bool) {
	switch name {
	case "Host":
		return seenHost, plainHost(value)
	case "Upgrade":
		return seenUpgrade, strings.EqualFold(value, "websocket")
	case "Connection":
		if strings.EqualFold(value, "keep-alive") {
			return seenKeepAlive, true
		}
		return seenConnection, onlyUpgrades(value)
	case headerKey:
		return seenKey, true
	case headerVersion:
		return seenVersion, true
	case "Origin":
		return seenOrigin, true
	case "Content-Length":
		return seenNoBody, value == "0"
	case "Transfer-Encoding", "Trailer", "Expect", "Http2-Settings":
		return 0, false // there is more to it than a head
	}
	return 0, true
}

// onlyUpgrades reports whether the Connection header asks for an upgrade, and not to close.
func onlyUpgrades(value string) (ok bool) {
	for item := range strings.SplitSeq(value, ",") {
		switch item = strings.Trim(item, " \t"); {
		case strings.EqualFold(item, "upgrade"):
			ok = true
		case strings.EqualFold(item, "close"):
			return false
		}
	}
	return ok
}

// canonicalNames are those of a handshake that are not in canonical form as people write them.
var canonicalNames = func() map[string]string {
	m := map[string]string{}
	for _, written := range []string{"Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Protocol", "Sec-WebSocket-Extensions"} {
		name := textproto.CanonicalMIMEHeaderKey(written)
		m[written], m[strings.ToLower(written)] = name, name
	}
	return m
}()

func canonicalName(name string) string {
	if known, ok := canonicalNames[name]; ok {
		return known
	}
	return textproto.CanonicalMIMEHeaderKey(name)
}

// visible reports whether a request's target has nothing but visible ASCII.
func visible(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// plainValue reports whether a header's value is ASCII without control characters.
func plainValue(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' && s[i] != '\t' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// plainHost reports whether a host is a name or an address, with or without a port.
func plainHost(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case strings.IndexByte(".-_:[]", c) < 0:
			return false
		}
	}
	return s != ""
}
