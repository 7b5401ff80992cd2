package ws

import "strconv"

// MessageType says how a message's bytes are to be read.
type MessageType byte

const (
	Text   MessageType = 1 // valid UTF-8
	Binary MessageType = 2 // anything
)

func (t MessageType) String() string {
	switch t {
	case Text:
		return "text"
	case Binary:
		return "binary"
	}
	return "MessageType(" + strconv.Itoa(int(t)) + ")"
}

// StatusCode says why a connection is closed: RFC 6455, section 7.4, and the IANA registry.
// Applications use 3000–3999 (registered) and 4000–4999 (private).
type StatusCode uint16

const (
	StatusNormal        StatusCode = 1000 // the purpose was fulfilled
	StatusGoingAway     StatusCode = 1001 // a server goes down, a browser leaves the page
	StatusProtocolError StatusCode = 1002
	StatusUnsupported   StatusCode = 1003 // a kind of data that the endpoint does not take
	StatusNoStatus      StatusCode = 1005 // never on the wire: the close frame had no code
	StatusAbnormal      StatusCode = 1006 // never on the wire: there was no close frame
	StatusInvalidData   StatusCode = 1007 // not UTF-8 in a text message, or not inflatable
	StatusPolicy        StatusCode = 1008
	StatusTooBig        StatusCode = 1009
	StatusExtension     StatusCode = 1010 // a client misses an extension
	StatusInternal      StatusCode = 1011
	StatusRestart       StatusCode = 1012
	StatusTryLater      StatusCode = 1013
	StatusBadGateway    StatusCode = 1014
	StatusTLS           StatusCode = 1015 // never on the wire: the TLS handshake failed
)

// onWire reports whether a close frame may carry the code.
func (c StatusCode) onWire() bool {
	switch {
	case c >= 1000 && c <= 1003, c >= 1007 && c <= 1014, c >= 3000 && c <= 4999:
		return true
	}
	return false
}

var statusTexts = map[StatusCode]string{
	StatusNormal:        "normal closure",
	StatusGoingAway:     "going away",
	StatusProtocolError: "protocol error",
	StatusUnsupported:   "unsupported data",
	StatusNoStatus:      "no status",
	StatusAbnormal:      "abnormal closure",
	StatusInvalidData:   "invalid data",
	StatusPolicy:        "policy violation",
	StatusTooBig:        "message too big",
	StatusExtension:     "missing extension",
	StatusInternal:      "internal error",
	StatusRestart:       "service restart",
	StatusTryLater:      "try again later",
	StatusBadGateway:    "bad gateway",
	StatusTLS:           "TLS handshake failed",
}

// String is the number, with its meaning if it is a registered one.
func (c StatusCode) String() string {
	n := strconv.Itoa(int(c))
	if s := statusTexts[c]; s != "" {
		return n + " " + s
	}
	return n
}

// Side is one of the two ends of a connection.
type Side byte

const (
	Server Side = 1
	Client Side = 2
)

func (s Side) String() string {
	if s == Server {
		return "server"
	}
	return "client"
}

func (s Side) peer() Side {
	if s == Server {
		return Client
	}
	return Server
}
