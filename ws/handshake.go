package ws

import (
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
)

// Names of the handshake's headers in the canonical form of net/http.
const (
	headerKey        = "Sec-Websocket-Key"
	headerAccept     = "Sec-Websocket-Accept"
	headerVersion    = "Sec-Websocket-Version"
	headerProtocol   = "Sec-Websocket-Protocol"
	headerExtensions = "Sec-Websocket-Extensions"

	version = "13"
	keySize = 16 // bytes, before base64
)

// acceptKey answers a client's key: RFC 6455, section 4.2.2, item 5.4.
func acceptKey(key string) string {
	var b [128]byte
	sum := sha1.Sum(append(append(b[:0], key...), "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"...))
	return base64.StdEncoding.EncodeToString(sum[:])
}

// validKey: "a base64-encoded value that, when decoded, is 16 bytes in length".
func validKey(key string) bool {
	var raw [keySize + 2]byte // base64 writes whole groups of three
	if base64.StdEncoding.EncodedLen(keySize) != len(key) {
		return false
	}
	n, err := strictBase64.Decode(raw[:], []byte(key))
	return err == nil && n == keySize
}

var strictBase64 = base64.StdEncoding.Strict()

// hasToken reports whether the comma-separated lists of a header contain a token, in any case.
func hasToken(h http.Header, name, token string) bool {
	for _, line := range h[name] {
		for item := range strings.SplitSeq(line, ",") {
			if strings.EqualFold(strings.Trim(item, " \t"), token) {
				return true
			}
		}
	}
	return false
}

// parseProtocols reads the subprotocols that a client offers: "The elements that comprise this value
// MUST be non-empty strings [of token bytes] and MUST all be unique strings."
func parseProtocols(lines []string) (list []string, ok bool) {
	seen := map[string]bool{}
	for _, line := range lines {
		for item := range strings.SplitSeq(line, ",") {
			item = strings.Trim(item, " \t")
			if !isToken(item) || seen[item] {
				return nil, false
			}
			seen[item] = true
			list = append(list, item)
		}
	}
	return list, true
}

// isToken reports whether s is a token: RFC 9110, section 5.6.2.
func isToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

func isTokenByte(c byte) bool {
	switch {
	case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// headerBytes is about how many bytes a header had on the wire.
func headerBytes(h http.Header) (n int) {
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(": ") + len(v) + len("\r\n")
		}
	}
	return n
}
