package main

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"sync"
	"time"

	"github.com/vechehq/veche/socketio"
)

// play has a handler for everything that the library can do; ../socketio/server.mjs has the same for npm's.
func play(io *socketio.Server, ended *reasons) {
	p := &playground{io.Of("/play"), ended}
	p.Use(func(s *socketio.Socket) error {
		var auth struct{ Refuse bool }
		if json.Unmarshal(s.Handshake().Auth, &auth) == nil && auth.Refuse {
			return &socketio.Error{Message: "not today", Data: map[string]int{"code": 7}}
		}
		return nil
	})
	p.OnConnection(p.talk)
	p.OnConnection(p.rooms)
	p.OnConnection(p.acks)
	p.OnConnection(p.ends)
	io.OfRegexp(regexp.MustCompile(`^/dyn-\d+$`)).OnConnection(func(s *socketio.Socket) {
		_ = s.Emit("hello", s.Namespace().Name())
	})
}

type playground struct {
	*socketio.Namespace
	ended *reasons
}

// reasons are why sockets have ended, on all nodes.
type reasons struct {
	mu  sync.Mutex
	all []string
}

func (r *reasons) add(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = append(r.all, reason)
}

func (r *reasons) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.all
	r.all = []string{}
	return all
}

func (p *playground) talk(s *socketio.Socket) {
	s.Use(func(e *socketio.Event) error {
		if e.Name == "forbidden" {
			return errors.New("that is forbidden")
		}
		return nil
	})
	s.On("error", func(why string) { _ = s.Emit("refused", why) })
	_ = s.Emit("welcome", s.Handshake().Auth)
	s.On("echo", func(args ...any) { _ = s.Emit("echo", args...) })
	s.OnEvent("ack", func(e *socketio.Event) { _ = e.Ack(e.Args) })
	s.On("broadcast", func(text string) { _ = s.Broadcast().Emit("broadcast", text) })
	s.On("private", func(id, text string) { _ = p.To(id).Emit("private", text) })
	s.On("volatile", func() { _ = s.EmitVolatile("volatile", 1) })
	s.On("binary", func(data []byte) {
		reversed := slices.Clone(data)
		slices.Reverse(reversed)
		_ = s.Emit("binary", reversed, map[string]any{"nested": []any{data}})
	})
}

func (p *playground) rooms(s *socketio.Socket) {
	s.On("join", func(room string) int { s.Join(room); return len(s.Rooms()) })
	s.On("leave", func(room string, ack socketio.Ack) { s.Leave(room); _ = ack(len(s.Rooms())) })
	s.On("room", func(room, text string) { _ = p.To(room).Emit("room", text) })
	s.On("rooms", func(one, two, text string) { _ = p.To(one).To(two).Emit("rooms", text) })
	s.On("others", func(room, text string) { _ = s.To(room).Emit("others", text) })
	s.On("except", func(room, text string) { _ = p.Except(room).Emit("except", text) })
	s.On("count", func() (int, error) {
		all, err := p.FetchSockets(context.Background())
		return len(all), err
	})
	socketio.Reply(s, "joinAll", func(room string) (bool, error) { p.SocketsJoin(room); return true, nil })
	socketio.Reply(s, "leaveAll", func(room string) (bool, error) { p.SocketsLeave(room); return true, nil })
}

const patience = time.Minute

func (p *playground) acks(s *socketio.Socket) {
	s.On("ask", func(x any, ack socketio.Ack) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if answer, err := s.EmitWithAck(ctx, "question", x); err == nil {
			_ = ack(answer)
		}
	})
	s.On("askAll", func(x any) ([]string, error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		answers, err := p.To().EmitWithAck(ctx, "question", x)
		all := make([]string, len(answers))
		for i, a := range answers {
			err = errors.Join(err, a.Bind(&all[i]))
		}
		slices.Sort(all)
		return all, err
	})
	s.On("slow", func() {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, err := s.EmitWithAck(ctx, "unanswered")
		_ = s.Emit("timedout", err != nil)
	})
}

func (p *playground) ends(s *socketio.Socket) {
	socketio.On(s, "disconnect", p.ended.add)
	s.On("kick", func() { s.Disconnect(false) })
	s.On("kickAll", func() { s.Disconnect(true) })
	s.On("kickRoom", func(room string) { p.In(room).DisconnectSockets(false) })
	s.On("reasons", p.ended.take)
}
