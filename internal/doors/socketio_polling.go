// Socket.IO by long-polling, which may go over to a WebSocket.

package doors

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vechehq/veche/wire/engineio"
	"github.com/vechehq/veche/ws"
)

// longPoll is more than the server lets a GET wait: it pings every 25 s.
const longPoll = 45 * time.Second

// socketIOPolling is /socket.io/ by polling alone.
type socketIOPolling struct{}

func (socketIOPolling) Name() string { return "socketio-polling" }

// Lingers is the ping's interval and its timeout.
func (socketIOPolling) Lingers() time.Duration { return 45 * time.Second }

func (socketIOPolling) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	return openPolled(ctx, v, ear, false)
}

// socketIOUpgrade is what socket.io-client does of itself: it begins by polling, tries a WebSocket, and goes on by
// that if it works.
type socketIOUpgrade struct{}

func (socketIOUpgrade) Name() string           { return "socketio-upgrade" }
func (socketIOUpgrade) Lingers() time.Duration { return socketIOPolling{}.Lingers() }

func (socketIOUpgrade) Open(ctx context.Context, v Visit, ear Ear) (Line, error) {
	return openPolled(ctx, v, ear, true)
}

// polled is a line that begins by polling.
type polled struct {
	*socket
	upgrades bool
	greeting []engineio.Packet // what came with the handshake
	sid      string
	waiting  *outbox
	paused   chan struct{} // closed when there shall be no further poll
	ctx      context.Context
	stop     context.CancelCauseFunc
	requests atomic.Int64

	carrier sync.Mutex
	conn    *ws.Conn // carries what is said, if not nil; guarded by carrier
}

func openPolled(ctx context.Context, v Visit, ear Ear, upgrades bool) (Line, error) {
	l := &polled{socket: newSocket(v, ear), upgrades: upgrades, waiting: newOutbox(), paused: make(chan struct{})}
	l.out, l.close = l.carry, l.Close
	var err error
	if l.greeting, err = l.get(ctx); err != nil {
		return nil, err
	}
	var handshake struct{ SID string }
	if len(l.greeting) == 0 || l.greeting[0].Type != engineio.Open || json.Unmarshal(l.greeting[0].Data, &handshake) != nil {
		return nil, errors.New("doors: no handshake of Engine.IO")
	}
	l.sid = handshake.SID
	l.ctx, l.stop = context.WithCancelCause(context.Background())
	return l, nil
}

func (l *polled) query(transport string) url.Values {
	q := url.Values{"EIO": {engineio.Version}, "transport": {transport}}
	if transport == "polling" { // as socket.io-client does, against caches
		q.Set("t", strconv.FormatInt(l.requests.Add(1), 36))
	}
	if l.sid != "" {
		q.Set("sid", l.sid)
	}
	return q
}

func (l *polled) Start() { go l.live() }

func (l *polled) Close() { l.stop(context.Canceled) }

// live polls, and goes over to a WebSocket if it may and can.
func (l *polled) live() {
	for _, p := range l.greeting {
		l.take(p)
	}
	var polls sync.WaitGroup
	for _, loop := range []func() error{l.listen, l.post} {
		polls.Go(func() {
			if err := loop(); err != nil {
				l.stop(err)
			}
		})
	}
	if l.upgrades {
		l.upgrade(&polls)
	}
	polls.Wait()
	l.ear.Ended(context.Cause(l.ctx))
}

// carry says a packet.
func (l *polled) carry(packet []byte) {
	l.carrier.Lock()
	defer l.carrier.Unlock()
	if l.conn != nil {
		send(l.conn, packet)
		return
	}
	l.waiting.put(packet)
}

func (l *polled) listen() error {
	for {
		packets, err := l.get(l.ctx)
		if err != nil {
			return err
		}
		for _, p := range packets {
			l.take(p)
		}
		select {
		case <-l.paused:
			return nil
		default:
			rest(l.ctx, l.visit.Gather)
		}
	}
}

// get is one poll.
func (l *polled) get(ctx context.Context) (packets []engineio.Packet, err error) {
	ctx, cancel := context.WithTimeout(ctx, longPoll)
	defer cancel()
	err = l.visit.Call(ctx, http.MethodGet, socketPath, l.query("polling"), nil, func(resp *http.Response) error {
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err != nil {
			return err
		}
		if packets, err = engineio.Payload(body); err != nil {
			l.ear.Wrong(unreadable(body, err))
		}
		return err
	})
	return packets, err
}

// post says what waits, one request at a time.
func (l *polled) post() error {
	for {
		select {
		case <-l.waiting.more:
		case <-l.paused:
			return nil
		case <-l.ctx.Done():
			return l.ctx.Err()
		}
		if err := l.postOnce(l.waiting.take()); err != nil {
			return err
		}
		rest(l.ctx, l.visit.Gather)
	}
}

func (l *polled) postOnce(packets [][]byte) error {
	if len(packets) == 0 {
		return nil
	}
	var payload []byte
	for _, p := range packets {
		payload = engineio.AppendPart(payload, false, p)
	}
	ctx, cancel := context.WithTimeout(l.ctx, postTime)
	defer cancel()
	return l.visit.Call(ctx, http.MethodPost, socketPath, l.query("polling"), payload, func(resp *http.Response) error {
		answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
		if err == nil && !bytes.Equal(answer, []byte("ok")) {
			l.ear.Wrong(unreadable(answer, errors.New("a POST is answered by")))
		}
		return err
	})
}

// upgrade goes over to a WebSocket and stays there until the end. Without one the polls go on.
func (l *polled) upgrade(polls *sync.WaitGroup) {
	c, err := l.visit.dial(l.ctx, socketPath, l.query("websocket"))
	if err != nil {
		return
	}
	u := &upgraded{line: l, pong: make(chan struct{}), closed: make(chan struct{})}
	l.visit.start(c, u)
	defer func() { _ = c.CloseNow(); <-u.closed }()
	send(c, engineio.Packet{Type: engineio.Ping, Data: []byte(engineio.Probe)}.Append(nil))
	select {
	case <-u.pong:
	case <-u.closed:
		return
	case <-l.ctx.Done():
		return
	}
	close(l.paused) // the server ends the poll that waits
	polls.Wait()
	l.change(c)
	select {
	case <-u.closed:
		l.stop(u.why)
	case <-l.ctx.Done():
	}
}

// change has the WebSocket carry what is said from now on, and what waits.
func (l *polled) change(c *ws.Conn) {
	l.carrier.Lock()
	defer l.carrier.Unlock()
	send(c, engineio.Packet{Type: engineio.Upgrade}.Append(nil))
	for packets := l.waiting.take(); len(packets) > 0; packets = l.waiting.take() {
		for _, p := range packets {
			send(c, p)
		}
	}
	l.conn = c
}

// upgraded is the WebSocket's handler.
type upgraded struct {
	line   *polled
	pong   chan struct{} // closed by the probe's answer
	tried  bool          // owned by Message
	closed chan struct{}
	why    error // set before closed
}

func (u *upgraded) Message(_ *ws.Conn, _ ws.MessageType, data []byte) {
	if !u.tried {
		u.tried = true
		if string(data) != string(engineio.Pong)+engineio.Probe {
			u.line.ear.Wrong(unreadable(data, errors.New("a probe is answered by")))
			u.line.Close()
			return
		}
		close(u.pong)
		return
	}
	u.line.text(data)
}

func (u *upgraded) Closed(_ *ws.Conn, err error) {
	u.why = err
	close(u.closed)
}
