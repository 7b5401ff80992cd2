// The door of long-polling: the server's words by answers that wait.

package doors

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const (
	pollWait = 5 // seconds
	pollTime = 15 * time.Second
)

// polling is /poll, with /send.
type polling struct{}

func (polling) Name() string { return "poll" }

// Lingers is 20 s after an answer, and the answer's own time.
func (polling) Lingers() time.Duration { return 20 * time.Second }

func (polling) Open(_ context.Context, v Visit, ear Ear) (Line, error) {
	return openHTTP(v, ear, listenByPolls), nil
}

// Anew reports whether a door may tell once more what one has joined: who polls may have missed an answer.
func Anew(d Door) bool { _, ok := d.(polling); return ok }

func listenByPolls(ctx context.Context, l *httpLine) error {
	rooms, at := l.visit.cursor(), ""
	for {
		var answer struct {
			Rooms, At string
			Events    []json.RawMessage
		}
		if err := l.poll(ctx, rooms, at, &answer); err != nil {
			return err
		}
		for _, e := range answer.Events {
			l.visit.tell(l, e)
		}
		if answer.Rooms != "" { // else another poll has taken its place
			rooms, at = answer.Rooms, answer.At
		}
		rest(ctx, l.visit.Gather)
	}
}

func (l *httpLine) poll(ctx context.Context, rooms, at string, answer any) error {
	q := l.query(url.Values{"rooms": {rooms}, "wait": {fmt.Sprint(pollWait)}})
	if at != "" {
		q.Set("at", at)
	}
	ctx, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	return l.visit.Call(ctx, http.MethodGet, "/poll", q, nil, func(resp *http.Response) error {
		return json.NewDecoder(resp.Body).Decode(answer)
	})
}
