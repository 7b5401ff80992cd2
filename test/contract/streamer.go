// Server-Sent Events, and POST.

package contract

import (
	"bufio"
	"context"
	"io"
	"strings"
	"sync"
)

type streamer struct {
	*visitor
	body    io.ReadCloser
	reading sync.WaitGroup
}

func (s *streamer) Connect(ctx context.Context) error {
	_, err := s.open(ctx)
	return err
}

// open opens a stream where the client is. refusal is the answer if it is none.
func (s *streamer) open(ctx context.Context) (refusal Object, err error) {
	begin := s.ears.count()
	res, err := s.do(context.Background(), "GET", "/events", s.query(), nil)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != 200 {
		return refused(res)
	}
	s.body = res.Body
	s.reading.Go(func() { s.read(res.Body) })
	_, _, err = s.ears.find(ctx, begin, func(o Object) bool { return o["type"] == "welcome" })
	return nil, err
}

func (s *streamer) read(body io.Reader) {
	lines := bufio.NewReader(body)
	var id string
	for {
		s.gate.pass()
		line, err := lines.ReadString('\n')
		if err != nil {
			return
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			if o, err := decode([]byte(value)); err == nil {
				s.hear(o)
				s.move(id)
			}
		}
	}
}

func (s *streamer) Say(ctx context.Context, o Object) (Object, error) {
	name, _ := o["room"].(string)
	begin := s.ears.count()
	switch o["type"] {
	case "join":
		s.enter(o)
		s.Cut()
		refusal, err := s.open(ctx)
		if err != nil {
			return nil, err
		}
		if refusal != nil {
			s.exit(name)
			_, err := s.open(ctx)
			return refusal, err
		}
		return s.joined(ctx, begin, name)
	case "leave":
		s.exit(name)
		s.Cut()
		_, err := s.open(ctx)
		return Object{"type": "ok"}, err
	}
	return s.post(ctx, o)
}

func (s *streamer) Stall(stalled bool) { s.gate.shut(stalled) }

func (s *streamer) Cut() {
	if s.body == nil {
		return
	}
	s.body.Close()
	s.gate.shut(false)
	s.reading.Wait()
	s.body = nil
}

func (s *streamer) Leave() {
	s.Cut()
	s.http.CloseIdleConnections()
}
