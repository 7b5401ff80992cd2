// The ways in.

package contract

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"

	"github.com/vechehq/veche/ws"
)

// Client is one client of the protocol, over whatever transport. What it is told is in its ears.
type Client interface {
	// Connect connects, or goes on where the client was.
	Connect(ctx context.Context) error
	// Say says an object and returns the answer.
	Say(ctx context.Context, o Object) (Object, error)
	// Cut loses the connection.
	Cut()
	// Leave goes away in order.
	Leave()
	// Stall stops or goes on reading.
	Stall(stalled bool)

	told() *ears
	flood(ctx context.Context, all []Object) error
}

// Way makes clients of one transport.
type Way struct {
	Name string
	New  func(base string, token string) Client
}

// Ways are all there are over HTTP/1.1.
var Ways = []Way{
	{"websocket", func(base, token string) Client { return newSocket(base, token, ws.DialOptions{}) }},
	{"sse", func(base, token string) Client { return &streamer{visitor: newVisitor(base, token, nil)} }},
	{"longpoll", func(base, token string) Client { return &poller{visitor: newVisitor(base, token, nil)} }},
}

// WaysOverHTTP2 are the same over HTTP/2, to a server that is known by trust.
func WaysOverHTTP2(trust *tls.Config) []Way {
	o := ws.DialOptions{HTTP2: new(ws.HTTP2), TLSConfig: trust}
	return []Way{
		{"websocket", func(base, token string) Client { return newSocket(base, token, o) }},
		{"sse", func(base, token string) Client { return &streamer{visitor: newVisitor(base, token, trust)} }},
		{"longpoll", func(base, token string) Client { return &poller{visitor: newVisitor(base, token, trust)} }},
	}
}

func decode(text []byte) (o Object, err error) {
	err = json.Unmarshal(text, &o)
	return o, err
}

func encode(o any) []byte {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err) // it came from JSON
	}
	return text
}

func bearer(token string) http.Header {
	return http.Header{"Authorization": {"Bearer " + token}}
}
