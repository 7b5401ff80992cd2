// Door: how clients come in, and what they hear there.

package load

import (
	"context"
	"net"
	"net/http"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/wire/native"
)

// Doors are the names of the doors by which clients can come: docs/protocol.md has what each is.
func Doors() []string { return doors.Names() }

// newWay is how all clients come.
func newWay(c Config) *doors.Way {
	return &doors.Way{
		URL: c.URL, Dial: connect,
		HTTP: &http.Client{Transport: &http.Transport{DialContext: connect, MaxIdleConnsPerHost: 2 * c.Clients}},
	}
}

// connect makes a connection that ends with a reset: so does one that a network cuts, and no port waits
// afterwards (RFC 9293, 3.6.1: TIME-WAIT), of which a wave would soon use up all.
func connect(ctx context.Context, network, address string) (net.Conn, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, network, address)
	if tcp, ok := conn.(*net.TCPConn); ok && err == nil {
		err = tcp.SetLinger(0)
	}
	return conn, err
}

// ear is a client's on one line.
type ear struct {
	client *client
	line   doors.Line
}

// Hear gives the client an event, whose mark is read already if the room's members have all heard it.
func (e *ear) Hear(ev native.Event) {
	heard, ok := ev.(event)
	if !ok {
		heard = e.client.room.event(ev, e.client.crowd.run)
	}
	e.client.hears(e, heard)
}

// Wrong notes what no server should say.
func (e *ear) Wrong(err error) {
	e.client.crowd.broken("client %d: %v", e.client.number, err)
	e.line.Close()
}

// Ended tells the client.
func (e *ear) Ended(err error) {
	e.client.lost(e, err)
	e.client.crowd.lines.Done()
}
