// Judge: in the end everything that was acknowledged must be there.

package load

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

// judge compares what was acknowledged with what the members have heard, and with the rooms' logs, which
// it reads on /ws. It returns how many messages it looked for.
func (w *crowd) judge(ctx context.Context) (checked int) {
	for _, r := range w.rooms {
		acked := r.acked()
		for _, c := range r.members {
			if _, here := c.owed(); !here {
				continue // has not come back yet, which Connected tells
			}
			if last := c.heard(); last < acked {
				w.broken("%s: client %d has heard up to seq %d, and %d was acknowledged", r.name, c.number, last, acked)
			}
		}
	}
	a, err := newArchivist(ctx, w)
	if err != nil {
		w.broken("the logs cannot be read: %v", err)
		return 0
	}
	defer a.conn.CloseNow()
	for _, r := range w.rooms {
		n, err := a.compare(ctx, r)
		if err != nil {
			w.broken("the log of %s cannot be read: %v", r.name, err)
			return checked
		}
		checked += n
	}
	return checked
}

// maxPage is the largest answer of history, in bytes.
const maxPage = 4 << 20

// archivist reads logs.
type archivist struct {
	crowd *crowd
	conn  *ws.Conn
}

func newArchivist(ctx context.Context, w *crowd) (*archivist, error) {
	conn, _, err := ws.Dial(ctx, "ws"+strings.TrimPrefix(w.config.URL, "http")+"/ws?hello=1", &ws.DialOptions{
		Options:      ws.Options{MaxMessage: maxPage, Log: slog.New(slog.DiscardHandler)},
		Subprotocols: []string{native.Subprotocol},
	})
	if err != nil {
		return nil, err
	}
	hello := &native.Hello{}
	if w.config.Token != nil {
		if hello.Token, err = w.config.Token(w.clients[0].userName()); err != nil {
			return nil, err
		}
	}
	return &archivist{w, conn}, conn.Write(ctx, ws.Text, hello.Append(nil))
}

// compare reads a room's log of this run, and returns how many acknowledged messages should be in it.
func (a *archivist) compare(ctx context.Context, r *room) (acked int, err error) {
	base, log := r.sofar()
	for _, entry := range log {
		acked += int(entry & 1)
	}
	if acked == 0 {
		return 0, nil
	}
	seen := make(map[uint64]uint64, len(log)) // the seq of each message
	found := 0
	for last, head := base, base+1; last < head; {
		page, err := a.page(ctx, r.name, last)
		if err != nil {
			return acked, err
		}
		head = page.Head
		if len(page.Messages) == 0 {
			break
		}
		for _, text := range page.Messages {
			e, err := native.DecodeEvent(text)
			m, ok := e.(*native.Message)
			if err != nil || !ok {
				return acked, fmt.Errorf("%.200q is no message: %w", text, err)
			}
			if m.Seq != last+1 {
				a.crowd.broken("%s: the log has seq %d after %d", r.name, m.Seq, last)
			}
			last = m.Seq
			number := readMark(m.Body.Data, a.crowd.run).number
			if number == 0 {
				continue // a stranger's
			}
			if before, twice := seen[number]; twice {
				a.crowd.broken("%s: message %d has seq %d and %d", r.name, number, before, m.Seq)
			}
			seen[number] = m.Seq
			if i := m.Seq - base - 1; i < uint64(len(log)) && log[i] != 0 {
				if was := log[i] >> 1; was != number {
					a.crowd.broken("%s: seq %d was message %d, and the log has message %d", r.name, m.Seq, was, number)
				} else {
					found += int(log[i] & 1)
				}
			}
		}
	}
	if found < acked {
		a.crowd.broken("%s: of %d acknowledged messages the log has %d", r.name, acked, found)
	}
	return acked, nil
}

// page asks for what comes after a seq.
func (a *archivist) page(ctx context.Context, room string, after uint64) (*native.HistoryOK, error) {
	ask := &native.History{ID: "1", Room: room, After: after, Forward: true, Limit: native.MaxHistory}
	if err := a.conn.Write(ctx, ws.Text, ask.Append(nil)); err != nil {
		return nil, err
	}
	for {
		_, text, err := a.conn.Read(ctx)
		if err != nil {
			return nil, err
		}
		switch e, err := native.DecodeEvent(text); o := e.(type) {
		case *native.HistoryOK:
			return o, err
		case *native.Error:
			return nil, fmt.Errorf("%s: %s", o.Code, o.Message)
		}
	}
}
