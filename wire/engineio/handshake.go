package engineio

import (
	"encoding/json"
	"strconv"
	"time"
)

// Handshake is the data of the Open packet.
type Handshake struct {
	SID          string
	Upgrades     []string
	PingInterval time.Duration // told in milliseconds, as PingTimeout
	PingTimeout  time.Duration
	MaxPayload   int // bytes of a payload or a WebSocket message
}

// Append appends the whole Open packet.
func (h *Handshake) Append(b []byte) []byte {
	b = append(b, byte(Open))
	b = append(b, `{"sid":`...)
	b = appendString(b, h.SID)
	b = append(b, `,"upgrades":[`...)
	for i, u := range h.Upgrades {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, u)
	}
	b = strconv.AppendInt(append(b, `],"pingInterval":`...), h.PingInterval.Milliseconds(), 10)
	b = strconv.AppendInt(append(b, `,"pingTimeout":`...), h.PingTimeout.Milliseconds(), 10)
	b = strconv.AppendInt(append(b, `,"maxPayload":`...), int64(h.MaxPayload), 10)
	return append(b, '}')
}

func appendString(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings always marshal
	}
	return append(b, quoted...)
}

// Refusal is why a request is not served.
type Refusal struct {
	Code    int
	Message string
}

// The protocol's refusals.
var (
	UnknownTransport   = &Refusal{0, "Transport unknown"}
	UnknownSession     = &Refusal{1, "Session ID unknown"}
	BadHandshakeMethod = &Refusal{2, "Bad handshake method"}
	BadRequest         = &Refusal{3, "Bad request"}
	Forbidden          = &Refusal{4, "Forbidden"}
	UnsupportedVersion = &Refusal{5, "Unsupported protocol version"}
)

func (r *Refusal) Error() string { return "engineio: " + r.Message }

// Append appends the body that a refused request is answered with.
func (r *Refusal) Append(b []byte) []byte {
	b = strconv.AppendInt(append(b, `{"code":`...), int64(r.Code), 10)
	b = appendString(append(b, `,"message":`...), r.Message)
	return append(b, '}')
}
