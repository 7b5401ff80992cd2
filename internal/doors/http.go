// What the doors of plain HTTP have in common: the client's words go by POST.

package doors

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/vechehq/veche/wire/native"
)

const postTime = 8 * time.Second // for an answer

// Call makes a request and has its good answer read.
func (v *Visit) Call(ctx context.Context, method, path string, q url.Values, body []byte, read func(*http.Response) error) error {
	u := v.URL + path
	if len(q) > 0 {
		u += "?" + q.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, method, u, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header = v.header()
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

// httpLine says by POST, and hears by listen, which runs until it fails.
type httpLine struct {
	visit  Visit
	ear    Ear
	listen func(ctx context.Context, l *httpLine) error
	say    *outbox
	ctx    context.Context
	stop   context.CancelCauseFunc

	mu     sync.Mutex
	resume string // a guest's; guarded by mu
}

func openHTTP(v Visit, ear Ear, listen func(context.Context, *httpLine) error) *httpLine {
	l := &httpLine{visit: v, ear: ear, listen: listen, say: newOutbox(), resume: v.Resume}
	l.ctx, l.stop = context.WithCancelCause(context.Background())
	return l
}

func (l *httpLine) Start() {
	var both sync.WaitGroup
	both.Go(func() { l.stop(l.post(l.ctx)) })
	both.Go(func() { l.stop(l.listen(l.ctx, l)) })
	go func() {
		both.Wait()
		l.ear.Ended(context.Cause(l.ctx))
	}()
}

func (l *httpLine) Close() { l.stop(context.Canceled) }

func (l *httpLine) Say(rs ...native.Request) {
	for _, r := range rs {
		l.say.put(r.Append(nil))
	}
}

// Hear keeps who a guest is, which each request must tell.
func (l *httpLine) Hear(e native.Event) {
	if w, ok := e.(*native.Welcome); ok && l.visit.Token == "" {
		l.mu.Lock()
		l.resume = w.Resume
		l.mu.Unlock()
	}
	l.ear.Hear(e)
}

func (l *httpLine) Wrong(err error) { l.ear.Wrong(err) }
func (l *httpLine) Ended(err error) { l.ear.Ended(err) }

// query is what each request tells, and more.
func (l *httpLine) query(more url.Values) url.Values {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.resume != "" {
		more.Set("resume", l.resume)
	}
	return more
}

// post says what is to be said, one request at a time, because that keeps the order.
func (l *httpLine) post(ctx context.Context) error {
	for {
		select {
		case <-l.say.more:
		case <-ctx.Done():
			return ctx.Err()
		}
		if objects := l.say.take(); len(objects) > 0 {
			if err := l.postOnce(ctx, objects); err != nil {
				return err
			}
		}
		rest(ctx, l.visit.Gather)
	}
}

func (l *httpLine) postOnce(ctx context.Context, objects [][]byte) error {
	ctx, cancel := context.WithTimeout(ctx, postTime)
	defer cancel()
	body := native.AppendArray(nil, objects)
	return l.visit.Call(ctx, http.MethodPost, "/send", l.query(url.Values{}), body, func(resp *http.Response) error {
		var answers []json.RawMessage
		if err := json.NewDecoder(resp.Body).Decode(&answers); err != nil {
			return err
		}
		if len(answers) != len(objects) {
			l.Wrong(fmt.Errorf("%d answers to %d objects", len(answers), len(objects)))
		}
		for _, a := range answers {
			l.visit.tell(l, a)
		}
		return nil
	})
}

// cursor says where a visit is.
func (v *Visit) cursor() string { return string(v.join().AppendCursor(nil)) }

// rest waits, unless it is over first.
func rest(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
