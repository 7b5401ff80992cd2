// The door of Server-Sent Events: the server's words by a stream.

package doors

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"time"
)

// events is /events, with /send.
type events struct{}

func (events) Name() string           { return "sse" }
func (events) Lingers() time.Duration { return 0 }

func (events) Open(_ context.Context, v Visit, ear Ear) (Line, error) {
	return openHTTP(v, ear, listenToEvents), nil
}

func listenToEvents(ctx context.Context, l *httpLine) error {
	q := l.query(url.Values{"rooms": {l.visit.cursor()}})
	return l.visit.Call(ctx, http.MethodGet, "/events", q, nil, func(resp *http.Response) error {
		lines := bufio.NewScanner(resp.Body)
		lines.Buffer(nil, maxAnswer)
		var event []byte // one when the empty line after it has come
		for lines.Scan() {
			if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
				event = append(event[:0], data...)
			} else if len(lines.Bytes()) == 0 && len(event) > 0 {
				l.visit.tell(l, event)
				event = event[:0]
			}
		}
		if err := lines.Err(); err != nil {
			return err
		}
		return io.EOF
	})
}
