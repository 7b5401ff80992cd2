// The doors of plain HTTP: the server's words by a stream or by polls, the client's by POST.

package prove

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/vechehq/veche/wire/native"
)

const (
	postMost  = 128             // objects in one POST
	postPause = 40 * ms         // between two, so that several go together
	pollPause = 60 * ms         // likewise
	pollWait  = 5               // seconds
	postTime  = 8 * time.Second // for an answer
	pollTime  = 15 * time.Second
)

// call makes a request and has its good answer read.
func call(ctx context.Context, v Visit, method, path string, q url.Values, body []byte, read func(*http.Response) error) error {
	u := url.URL{Scheme: "http", Host: v.Addr, Path: path, RawQuery: q.Encode()}
	req, err := http.NewRequestWithContext(ctx, method, u.String(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+v.Token)
	if path == "/events" {
		req.Header.Set("Accept", "text/event-stream")
	}
	resp, err := v.HTTP.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, resp.Status)
	}
	return read(resp)
}

func (v Visit) cursors() string {
	j := native.Join{Room: v.Room, Since: int64(v.Last), Replay: true, Epoch: v.Epoch}
	return string(j.AppendCursor(nil))
}

// httpLine says by POST, and hears by listen, which runs until it fails.
type httpLine struct {
	visit Visit
	ear   Ear
	stop  context.CancelCauseFunc
	more  chan struct{} // has room for one

	mu    sync.Mutex
	queue []native.Request // guarded by mu; bounded by who says them
}

func openHTTP(v Visit, ear Ear, listen func(ctx context.Context) error) *httpLine {
	ctx, stop := context.WithCancelCause(context.Background())
	l := &httpLine{visit: v, ear: ear, stop: stop, more: make(chan struct{}, 1)}
	var both sync.WaitGroup
	both.Go(func() { stop(l.post(ctx)) })
	both.Go(func() { stop(listen(ctx)) })
	go func() {
		both.Wait()
		ear.Ended(context.Cause(ctx))
	}()
	return l
}

func (l *httpLine) Close() { l.stop(context.Canceled) }

func (l *httpLine) Say(rs ...native.Request) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.queue = append(l.queue, rs...)
	select {
	case l.more <- struct{}{}:
	default:
	}
}

func (l *httpLine) next() []native.Request {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := min(len(l.queue), postMost)
	rs := l.queue[:n:n]
	if l.queue = l.queue[n:]; len(l.queue) > 0 {
		select {
		case l.more <- struct{}{}:
		default:
		}
	}
	return rs
}

// post says what is to be said, one request at a time, because that keeps the order.
func (l *httpLine) post(ctx context.Context) error {
	for {
		select {
		case <-l.more:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := l.postOnce(ctx, l.next()); err != nil {
			return err
		}
		sleep(ctx, postPause)
	}
}

func (l *httpLine) postOnce(ctx context.Context, rs []native.Request) error {
	if len(rs) == 0 {
		return nil
	}
	var objects [][]byte
	for _, r := range rs {
		objects = append(objects, r.Append(nil))
	}
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	return call(ctx, l.visit, http.MethodPost, "/send", nil, native.AppendArray(nil, objects), func(resp *http.Response) error {
		var answers []json.RawMessage
		if err := json.NewDecoder(resp.Body).Decode(&answers); err != nil {
			return err
		}
		if len(answers) != len(rs) {
			l.ear.Hear(&native.Error{Message: fmt.Sprintf("%d answers to %d objects", len(answers), len(rs))})
		}
		for _, a := range answers {
			tell(l.ear, a)
		}
		return nil
	})
}

// events is /events.
type events struct{}

func (events) Name() string { return "sse" }

func (events) Open(_ context.Context, v Visit, ear Ear) (Line, error) {
	return openHTTP(v, ear, func(ctx context.Context) error {
		q := url.Values{"rooms": {v.cursors()}}
		return call(ctx, v, http.MethodGet, "/events", q, nil, func(resp *http.Response) error {
			lines := bufio.NewScanner(resp.Body)
			lines.Buffer(nil, maxAnswer)
			var event []byte // an event is one when the empty line after it has come
			for lines.Scan() {
				if data, ok := bytes.CutPrefix(lines.Bytes(), []byte("data: ")); ok {
					event = append(event[:0], data...)
				} else if len(lines.Bytes()) == 0 && len(event) > 0 {
					tell(ear, event)
					event = event[:0]
				}
			}
			if err := lines.Err(); err != nil {
				return err
			}
			return io.EOF
		})
	}), nil
}

// polling is /poll.
type polling struct{}

func (polling) Name() string { return "poll" }

func (polling) Open(_ context.Context, v Visit, ear Ear) (Line, error) {
	return openHTTP(v, ear, func(ctx context.Context) error {
		rooms, at := v.cursors(), ""
		for {
			var answer struct {
				Rooms, At string
				Events    []json.RawMessage
			}
			if err := pollOnce(ctx, v, rooms, at, &answer); err != nil {
				return err
			}
			for _, e := range answer.Events {
				tell(ear, e)
			}
			if answer.Rooms != "" { // else another poll has taken its place
				rooms, at = answer.Rooms, answer.At
			}
			sleep(ctx, pollPause)
		}
	}), nil
}

func pollOnce(ctx context.Context, v Visit, rooms, at string, answer any) error {
	q := url.Values{"rooms": {rooms}, "wait": {fmt.Sprint(pollWait)}}
	if at != "" {
		q.Set("at", at)
	}
	ctx, cancel := context.WithTimeout(ctx, pollTime)
	defer cancel()
	return call(ctx, v, http.MethodGet, "/poll", q, nil, func(resp *http.Response) error {
		return json.NewDecoder(resp.Body).Decode(answer)
	})
}
