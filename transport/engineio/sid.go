package engineio

import (
	"encoding/base64"
	"strings"
)

// secret is what a sid keeps from others: 128 random bits.
type secret [16]byte

// sid spells a connection's name: the node, if there are several, and the secret.
func (s *Server) sid(k secret) string {
	var text [32]byte
	name := spelling.AppendEncode(text[:0], k[:])
	if s.relay == nil {
		return string(name)
	}
	return s.relay.node + "." + string(name)
}

// spelling has one text for each secret.
var spelling = base64.RawURLEncoding.Strict()

// secretOf reads a sid of this node's.
func (s *Server) secretOf(sid string) (k secret, ok bool) {
	node, rest := nodeOf(sid)
	if s.relay != nil && node != s.relay.node || len(rest) != spelling.EncodedLen(len(k)) {
		return k, false
	}
	_, err := spelling.Decode(k[:], []byte(rest))
	return k, err == nil
}

// nodeOf takes a sid apart.
func nodeOf(sid string) (node, rest string) {
	node, rest, ok := strings.Cut(sid, ".")
	if !ok {
		return "", sid
	}
	return node, rest
}
