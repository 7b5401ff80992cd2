// Closing: what is judged when the clients rest.

package prove

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/vechehq/veche/internal/doors"
	"github.com/vechehq/veche/prove/history"
	"github.com/vechehq/veche/wire/native"
)

const (
	// converge is how long after the last fault everybody must have everything.
	converge = 30 * time.Second
	// noticed is how soon everybody must know who is there, on top of how long the server may believe in somebody who
	// vanished.
	noticed = 10 * time.Second
)

// lingering is how soon presence must be right with the doors that take part.
func (w *world) lingering() time.Duration {
	most := time.Duration(0)
	for _, name := range w.options.Doors {
		most = max(most, doors.Named(name).Lingers())
	}
	return most + noticed
}

// settle waits until every client is back, has no message unacknowledged, and has read everything.
func (w *world) settle(ctx context.Context) {
	w.await(ctx, stuck, converge, (*client).behind)
}

// behind says what the client still lacks.
func (c *client) behind() string {
	s, head := c.now.Load(), c.room.known()
	if s.online && s.pending == 0 && s.last >= head {
		return ""
	}
	return fmt.Sprintf("client %d (%s) is online: %v, has %d messages unacknowledged, has read up to %d of %d", c.id, c.home.Name(), s.online, s.pending, s.last, head)
}

// attend waits until everybody who is told is told exactly who is there, and again when every third client has left.
func (w *world) attend(ctx context.Context) {
	rightly := func(c *client) string { return c.sees(w.there(c.room)) }
	w.await(ctx, badPresence, w.lingering(), rightly)
	for i := 0; i < len(w.clients); i += 3 {
		w.clients[i].leave()
	}
	w.await(ctx, badPresence, w.lingering(), rightly)
}

func (c *client) leave() { close(c.quit) }

func (c *client) left() bool {
	select {
	case <-c.quit:
		return true
	default:
		return false
	}
}

// there are the users who are in a room.
func (w *world) there(r *room) map[string]bool {
	users := map[string]bool{}
	for _, c := range w.clients {
		if c.room == r && !c.left() {
			users[c.user] = true
		}
	}
	return users
}

// sees compares who is there with whom the client was told of.
func (c *client) sees(there map[string]bool) string {
	s := c.now.Load()
	if !s.online || s.present == nil && doors.Mute(c.home) || maps.Equal(there, s.present) {
		return ""
	}
	return fmt.Sprintf("client %d (%s) is told that %v are there, and it is %v", c.id, s.door,
		slices.Sorted(maps.Keys(s.present)), slices.Sorted(maps.Keys(there)))
}

// await waits until nobody who has not left has a complaint; what remains after within is a violation.
func (w *world) await(ctx context.Context, kind history.Kind, within time.Duration, complaint func(*client) string) {
	for end := time.Now().Add(within); ; sleep(ctx, tick) {
		waiting := slices.DeleteFunc(slices.Clone(w.clients), func(c *client) bool { return c.left() || complaint(c) == "" })
		if len(waiting) == 0 || ctx.Err() != nil {
			return
		}
		if time.Now().After(end) {
			for _, c := range waiting {
				w.violate(kind, c.room, "after %v without a fault %s", within, complaint(c))
			}
			return
		}
	}
}

// readAll reads each room's whole log and judges it against all that was sent and told.
func (w *world) readAll(ctx context.Context) error {
	v := &doors.Visit{Way: &doors.Way{URL: "http://" + w.server.addr, HTTP: &http.Client{}}, Token: token(w.server.secret, "auditor")}
	defer v.HTTP.CloseIdleConnections()
	for _, r := range w.rooms {
		if err := w.readRoom(ctx, v, r); err != nil {
			return fmt.Errorf("the log of %s: %w", r.name, err)
		}
	}
	return nil
}

func (w *world) readRoom(ctx context.Context, v *doors.Visit, r *room) error {
	log, err := readLog(ctx, v, r.name)
	if err != nil {
		return err
	}
	h := history.History{Log: log}
	r.mu.Lock()
	for _, c := range slices.Sorted(maps.Keys(r.sends)) {
		for n, s := range r.sends[c] {
			told := history.Send{Sender: userOf(c), Body: body(c, n), Late: s.late, Seq: s.seq}
			h.Sends = append(h.Sends, told)
		}
	}
	r.mu.Unlock()
	w.violateAll(r, h.Check())
	w.checks.Messages += len(log)
	return nil
}

// readLog reads a log by history, from its beginning.
func readLog(ctx context.Context, v *doors.Visit, room string) (log []history.Entry, err error) {
	for after := uint64(0); ; {
		ask := native.History{Room: room, Forward: true, After: after, Limit: native.MaxHistory}
		var answer *native.HistoryOK
		err := v.Call(ctx, http.MethodPost, "/send", nil, ask.Append(nil), func(resp *http.Response) error {
			text, err := io.ReadAll(resp.Body)
			if err != nil {
				return err
			}
			e, err := native.DecodeEvent(text)
			answer, _ = e.(*native.HistoryOK)
			if answer == nil {
				return fmt.Errorf("history is answered by %.200s: %v", text, err)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		for _, object := range answer.Messages {
			e, _ := native.DecodeEvent(object)
			m, ok := e.(*native.Message)
			if !ok {
				return nil, fmt.Errorf("no message: %.200s", object)
			}
			after = m.Seq
			log = append(log, history.Entry{Seq: m.Seq, Sender: m.From, Body: string(m.Body.Data)})
		}
		if len(answer.Messages) == 0 || after >= answer.Head {
			return log, nil
		}
	}
}

// checkReceipts judges that no receipt was beyond the log's end: what it names had been sent by then.
func (w *world) checkReceipts(r *room) {
	r.mu.Lock()
	peaks := r.peaks
	call := make([]int64, len(r.log))
	for _, sends := range r.sends {
		for _, s := range sends {
			if s.seq > 0 && s.seq <= uint64(len(call)) {
				call[s.seq-1] = s.call
			}
		}
	}
	r.mu.Unlock()
	for _, p := range peaks {
		if p.value > uint64(len(call)) || p.value > 0 && call[p.value-1] > p.at {
			w.violate(badReceipt, r, "a receipt of %s at %.3fs is %d, which was not in the log yet", p.user, time.Duration(p.at).Seconds(), p.value)
			return
		}
	}
	w.checks.Receipts += len(peaks)
}

// stop ends the server, which must have let go of what its clients had, and exit with 0.
func (w *world) stop(ctx context.Context) {
	if u, err := usageOf(w.server.pid()); err == nil {
		for end := time.Now().Add(recovery); u.descriptors > descriptorsBase && time.Now().Before(end); sleep(ctx, tick) {
			u, _ = usageOf(w.server.pid())
		}
		if u.descriptors > descriptorsBase {
			w.violate(tooMuch, nil, "when all clients have left the server has %d descriptors", u.descriptors)
		}
	}
	if err := w.server.stop(); err != nil {
		w.violate(crashed, nil, "the end: %v", err)
	}
	for _, line := range strings.Split(w.server.log.String(), "\n") {
		if strings.Contains(line, "panic") || strings.Contains(line, "DATA RACE") {
			w.violate(crashed, nil, "the server's log has: %s", line)
			return
		}
	}
}
