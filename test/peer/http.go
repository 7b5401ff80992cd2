// The HTTP doors by hand: /events, /poll and /send.

package peer

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// HTTP is a client of the HTTP doors, without a connection of its own: each request says who one is and
// where.
type HTTP struct {
	Base   string // http://host:port
	Client *http.Client
}

// Cursor is a position in a room, as the doors want it. The room's name is taken as it is.
func Cursor(room string, last uint64, epoch string) string {
	c := room + ":" + strconv.FormatUint(last, 10)
	if epoch != "" {
		c += ":" + epoch
	}
	return c
}

// Hello asks who one is; its welcome has the resume for everything else.
func (h *HTTP) Hello(ctx context.Context) (Object, error) {
	answers, err := h.Send(ctx, "", Object{Type: "hello"})
	if err != nil {
		return Object{}, err
	}
	if answers[0].Type != "welcome" {
		return Object{}, fmt.Errorf("hello is answered by %+v", answers[0])
	}
	return answers[0], nil
}

// Send posts objects and returns an answer for each.
func (h *HTTP) Send(ctx context.Context, resume string, objects ...Object) ([]Object, error) {
	body, err := json.Marshal(objects)
	if err != nil {
		return nil, err
	}
	var answers []Object
	err = h.do(ctx, http.MethodPost, "/send", url.Values{"resume": {resume}}, body, "", func(res *http.Response) error {
		return json.NewDecoder(res.Body).Decode(&answers)
	})
	if err == nil && len(answers) != len(objects) {
		err = fmt.Errorf("%d answers to %d objects", len(answers), len(objects))
	}
	return answers, err
}

// Polled is an answer of /poll.
type Polled struct {
	Rooms  string   `json:"rooms"` // for the next poll
	At     string   `json:"at"`    // for the next poll
	Events []Object `json:"events"`
}

// Poll waits for something to happen in the rooms of the cursors. at is that of the answer before, or "".
func (h *HTTP) Poll(ctx context.Context, resume, rooms, at string, wait time.Duration) (p Polled, err error) {
	q := url.Values{"resume": {resume}, "rooms": {rooms}, "wait": {fmt.Sprint(int(wait / time.Second))}}
	if at != "" {
		q.Set("at", at)
	}
	err = h.do(ctx, http.MethodGet, "/poll", q, nil, "", func(res *http.Response) error {
		return json.NewDecoder(res.Body).Decode(&p)
	})
	return p, err
}

// Events reads the stream of the cursors' rooms until each, which gets its objects, returns an error or
// the stream ends, which is an error too.
func (h *HTTP) Events(ctx context.Context, resume, rooms string, each func(Object) error) error {
	q := url.Values{"resume": {resume}, "rooms": {rooms}}
	return h.do(ctx, http.MethodGet, "/events", q, nil, "text/event-stream", func(res *http.Response) error {
		lines := bufio.NewScanner(res.Body)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			if !ok {
				continue // a comment, an id, retry, or the end of an event
			}
			var o Object
			if err := json.Unmarshal([]byte(data), &o); err != nil {
				return err
			}
			if err := each(o); err != nil {
				return err
			}
		}
		return fmt.Errorf("the stream has ended: %v", lines.Err())
	})
}

func (h *HTTP) do(ctx context.Context, method, path string, q url.Values, body []byte, accept string, read func(*http.Response) error) error {
	if q.Get("resume") == "" {
		q.Del("resume")
	}
	req, err := http.NewRequestWithContext(ctx, method, h.Base+path+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	if accept != "" {
		req.Header.Set("Accept", accept)
	}
	res, err := h.Client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", path, res.Status)
	}
	return read(res)
}
