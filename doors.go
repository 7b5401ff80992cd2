package veche

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/vechehq/veche/gateway/native"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/transport"
)

const (
	defaultWait = 25 * time.Second // of a poll
	maxWait     = 60 * time.Second
)

// visit says who makes a request at an HTTP door, and what it asks for.
func (s *Server) visit(w http.ResponseWriter, r *http.Request) native.Visit {
	query := r.URL.Query()
	u, session, err := s.auth.Visit(r, query.Get("resume"), w.Header())
	return native.Visit{User: u, Session: session, Err: err, Query: query, Last: r.Header.Get("Last-Event-ID")}
}

// events streams rooms as Server-Sent Events.
func (s *Server) events(w http.ResponseWriter, r *http.Request) {
	err := s.streams.Serve(w, r, func(p transport.Guide) (transport.Handler, error) {
		return s.native.Follow(p, s.visit(w, r))
	})
	if err == nil {
		return
	}
	status, answer := refusal(err)
	if status == http.StatusServiceUnavailable && r.Header.Get("Accept") == "text/event-stream" {
		s.streams.TurnAway(w, transport.Message{Data: bytes.TrimSpace(answer)}) // it takes nothing else
		return
	}
	s.reply(w, r, status, transport.Answer{answer})
}

// poll waits for what there is to say, and says it.
func (s *Server) poll(w http.ResponseWriter, r *http.Request) {
	v := s.visit(w, r)
	wait, err := waitOf(v.Query)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the server's would end the wait
	s.await(w, r, transport.Ask{
		At:    v.Query.Get("at"),
		Owner: v.User.ID,
		Wait:  wait,
		Open:  func(p transport.Guide) (transport.Handler, error) { return s.native.Follow(p, v) },
		Again: func(h transport.Handler, owed bool) bool { return v.Err == nil && s.native.Again(h, v, owed) },
	})
}

func waitOf(query url.Values) (time.Duration, error) {
	text := query.Get("wait")
	if text == "" {
		return defaultWait, nil
	}
	seconds, err := strconv.Atoi(text)
	wait := time.Duration(seconds) * time.Second
	if err != nil || wait < 0 || wait > maxWait {
		return 0, &Error{Code: hub.CodeBadRequest, Message: "wait is not a number of seconds from 0 to 60"}
	}
	return wait, nil
}

// post does what clients say that have no connection to say it on.
func (s *Server) post(w http.ResponseWriter, r *http.Request) {
	text, err := bodyOfPost(w, r)
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	status, answer := s.native.Post(s.visit(w, r), text)
	s.reply(w, r, status, transport.Answer{answer})
}

// bodyOfPost reads the whole of a request's body. What is announced to be too large is not waited for, and
// what ends too early is not taken for all that there was; the connection is of no use then.
func bodyOfPost(w http.ResponseWriter, r *http.Request) (text []byte, err error) {
	large := r.ContentLength > maxFrame
	if !large {
		text, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxFrame))
		_, large = errors.AsType[*http.MaxBytesError](err)
	}
	switch {
	case large:
		err = &Error{Code: hub.CodeTooLarge, Message: "the request is larger than 1 MiB"}
	case err != nil:
		err = &Error{Code: hub.CodeBadRequest, Message: "the request did not arrive whole", Retry: true}
	default:
		return text, nil
	}
	last(w, r)
	return nil, err
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	status, answer := refusal(err)
	s.reply(w, r, status, transport.Answer{answer})
}

func refusal(err error) (status int, answer []byte) {
	if errors.Is(err, transport.ErrClosing) {
		err = hub.ErrDraining
	}
	return native.Refuse(err)
}

// reply writes an answer of the HTTP doors, small if the client takes it so.
func (s *Server) reply(w http.ResponseWriter, r *http.Request, status int, answer transport.Answer) {
	s.write(w, codingsOf(r), status, answer)
}

func (s *Server) write(w http.ResponseWriter, takes codings, status int, answer transport.Answer) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusServiceUnavailable {
		h.Set("Retry-After", "1")
	}
	answer = compress(h, takes, answer)
	h.Set("Content-Length", strconv.Itoa(answer.Len()))
	control := http.NewResponseController(w)
	_ = control.SetWriteDeadline(time.Now().Add(writePatience)) // the wait does not count
	w.WriteHeader(status)
	for _, piece := range answer {
		_, _ = w.Write(piece) // the client may be gone
	}
}
