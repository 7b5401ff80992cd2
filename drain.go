package veche

import (
	"context"
	"errors"
	"sync"
	"time"
)

// flushPatience is how long Close still takes to commit what was accepted when its context has ended.
const flushPatience = 5 * time.Second

// streamPatience is how long Close still waits for connections of HTTP/2 when its context has ended: they
// close a second after GOAWAY and the end of their last stream.
const streamPatience = 1500 * time.Millisecond

// Drain sends everybody away: /readyz answers 503, new sessions are refused, and each session is told
// to come back after a random part of Config.Spread (bye, code "drain"). It waits until all have
// gone, or ctx ends. The server can only be closed afterwards.
func (s *Server) Drain(ctx context.Context) error {
	return s.hub.Drain(ctx, s.config.Spread)
}

// Close drains, closes the listeners and all connections, commits what was accepted, and closes the
// data. When ctx ends it waits no more for clients, but 1.5 seconds for connections of HTTP/2 to close; what
// was accepted is still committed, for 5 seconds at most. It is an error only if something was cut short that matters: a request or a commit.
func (s *Server) Close(ctx context.Context) error {
	s.closing.Do(func() { s.closeErr = s.close(ctx) })
	return s.closeErr
}

// closeDoors ends what is still open of each transport, all within the same time.
func (s *Server) closeDoors(ctx context.Context) error {
	doors := []func(context.Context) error{s.sockets.Close, s.streams.Close, s.polls.Close, s.socketio.Close}
	errs := make([]error, len(doors))
	var closing sync.WaitGroup
	for i, door := range doors {
		closing.Go(func() { errs[i] = door(ctx) })
	}
	closing.Wait()
	return errors.Join(errs...)
}

func (s *Server) close(ctx context.Context) error {
	if err := s.Drain(ctx); err != nil {
		s.log.Info("not all clients left in time", "sessions", s.hub.Sessions())
	}
	if err := s.closeDoors(ctx); err != nil {
		s.log.Info("connections were cut", "err", err)
	}
	s.replies.Wait()
	err := s.shutdown(ctx)
	if err != nil {
		err = errors.Join(err, s.http.Close())
	}
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushPatience)
	defer cancel()
	return errors.Join(err, s.hub.Close(flush))
}

// shutdown closes the listeners and waits for requests, until a little after the end of ctx: a WebSocket over
// HTTP/2 that was just cut off is a request too.
func (s *Server) shutdown(ctx context.Context) error {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(streamPatience, cancel) })()
	return s.http.Shutdown(longer)
}
