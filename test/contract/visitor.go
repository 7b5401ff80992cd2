// What the two ways over plain HTTP have in common: POST /send, and cursors.

package contract

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// visitor is a client that comes back with every request.
type visitor struct {
	base, token string
	over2       bool // answers come over HTTP/2
	ears        *ears
	http        *http.Client
	gate        gate

	mu      sync.Mutex // guards what follows
	resume  string
	cursors []string // one for each room, as the server gave them
}

// newVisitor returns a client over HTTP/1.1, or with trust over HTTP/2.
func newVisitor(base, token string, trust *tls.Config) *visitor {
	t := &http.Transport{TLSClientConfig: trust.Clone(), ForceAttemptHTTP2: trust != nil}
	return &visitor{base: base, token: token, over2: trust != nil, ears: newEars(), http: &http.Client{Transport: t}}
}

func (v *visitor) told() *ears { return v.ears }

// hear takes an object, of a welcome also the token to come back with.
func (v *visitor) hear(o Object) {
	if resume, ok := o["resume"].(string); ok {
		v.mu.Lock()
		v.resume = resume
		v.mu.Unlock()
	}
	v.ears.hear(o)
}

// move takes the cursors that the server gave; of rooms that the client has left meanwhile they are void.
func (v *visitor) move(cursors string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, c := range strings.Split(cursors, ",") {
		for i, mine := range v.cursors {
			if room(mine) == room(c) {
				v.cursors[i] = c
			}
		}
	}
}

// room is the room of a cursor, as it is written there.
func room(cursor string) string {
	name, _, _ := strings.Cut(cursor, ":")
	return name
}

// enter and exit change the rooms that the next stream or poll is about.
func (v *visitor) enter(o Object) {
	name := url.PathEscape(o["room"].(string))
	name = strings.NewReplacer(":", "%3A", ",", "%2C").Replace(name)
	if since, ok := o["since"].(float64); ok {
		name += ":" + strconv.FormatInt(int64(since), 10)
		if epoch, ok := o["epoch"].(string); ok {
			name += ":" + epoch
		}
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cursors = append(v.cursors, name)
}

func (v *visitor) exit(name string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cursors = slices.DeleteFunc(v.cursors, func(c string) bool {
		was, _ := url.PathUnescape(room(c))
		return was == name
	})
}

func (v *visitor) query() url.Values {
	v.mu.Lock()
	defer v.mu.Unlock()
	q := url.Values{"rooms": {strings.Join(v.cursors, ",")}}
	if v.resume != "" {
		q.Set("resume", v.resume)
	}
	return q
}

func (v *visitor) do(ctx context.Context, method, path string, q url.Values, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, v.base+path+"?"+q.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header = bearer(v.token)
	res, err := v.http.Do(r)
	if err == nil && (res.ProtoMajor == 2) != v.over2 {
		res.Body.Close()
		return nil, fmt.Errorf("the answer came over %s", res.Proto)
	}
	return res, err
}

// post says an object and returns the answer.
func (v *visitor) post(ctx context.Context, o Object) (answer Object, err error) {
	err = v.send(ctx, o, &answer)
	return answer, err
}

func (v *visitor) postAll(ctx context.Context, all []Object) (answers []Object, err error) {
	err = v.send(ctx, all, &answers)
	return answers, err
}

func (v *visitor) send(ctx context.Context, what, answer any) error {
	q := v.query()
	q.Del("rooms")
	res, err := v.do(ctx, "POST", "/send", q, encode(what))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	return json.NewDecoder(res.Body).Decode(answer)
}

// joined waits for the answer to a join that a stream or poll brings.
func (v *visitor) joined(ctx context.Context, begin int, name string) (Object, error) {
	answer, _, err := v.ears.find(ctx, begin, func(o Object) bool {
		return o["room"] == name && (o["type"] == "error" || o["type"] == "ok")
	})
	if err == nil && answer["type"] == "error" {
		v.exit(name)
	}
	return answer, err
}

// refused makes an object of an answer that is no stream and no poll.
func refused(res *http.Response) (Object, error) {
	defer res.Body.Close()
	text, _ := io.ReadAll(res.Body)
	o, err := decode(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %s", res.Status, text)
	}
	return o, nil
}
