package veche_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"time"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/ws"
)

// The whole server, with a rule of one's own.
func Example() {
	srv, err := veche.New(veche.Config{})
	if err != nil {
		log.Fatal(err)
	}
	srv.OnJoin(func(s *veche.Session, room string) error {
		if room == "staff" && s.User().Guest {
			return veche.Refuse("staff only")
		}
		return nil
	})
	log.Fatal(srv.ListenAndServe("localhost:8080"))
}

// A bot that answers everybody: it hears what was committed, and posts, because a hook must not wait.
func Example_echoBot() {
	srv := newServer()
	bot := srv.Room("general").As(veche.User{ID: "echo", Name: "Echo"})
	srv.AfterSend(func(m *veche.Message) {
		if m.Room == "general" && m.From != "echo" {
			bot.Post("you said: "+string(m.Body.Data), nil)
		}
	})
	stop := start(srv)
	defer stop()

	anna := join("general")
	defer anna.leave()
	anna.say("hello")
	fmt.Println(anna.hear())
	fmt.Println(anna.hear())
	// Output:
	// hello
	// you said: hello
}

// A room with a moderator, who mends some words and refuses others.
func Example_moderatedRoom() {
	srv := newServer()
	srv.BeforeSend(func(s *veche.Session, d *veche.Draft) error {
		text := string(d.Body.Data)
		switch {
		case s == nil || d.Room != "tea": // the program itself, or another room
			return nil
		case strings.Contains(text, "http://"):
			return veche.Refuse("no links here")
		}
		d.Body.Data = []byte(strings.ReplaceAll(text, "coffee", "tea"))
		return nil
	})
	stop := start(srv)
	defer stop()

	anna, olga := join("tea"), join("tea")
	defer anna.leave()
	defer olga.leave()
	anna.say("more coffee, please")
	fmt.Println(olga.hear())
	anna.say("buy at http://example.com")
	fmt.Println(anna.hear(), "/", anna.hear())
	// Output:
	// more tea, please
	// more tea, please / forbidden: no links here
}

// A game: players' moves change the world as they come, and a clock tells everybody of it. Rooms
// named memory:… are never on disk.
func Example_gameTick() {
	srv := newServer()
	var world struct {
		sync.Mutex
		X     int `json:"x"`
		moved bool
	}
	srv.AfterSend(func(m *veche.Message) {
		if m.From == "server" {
			return
		}
		world.Lock()
		defer world.Unlock()
		if string(m.Body.Data) == "right" {
			world.X, world.moved = world.X+1, true
		}
	})
	tick := func() {
		world.Lock()
		defer world.Unlock()
		if world.moved {
			world.moved = false
			srv.Room("memory:game").Post(map[string]int{"x": world.X}, nil)
		}
	}
	stop := start(srv)
	defer stop()

	ctx, end := context.WithCancel(context.Background())
	var clock sync.WaitGroup
	clock.Go(func() {
		ticker := time.NewTicker(time.Second / 60)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				tick()
			case <-ctx.Done():
				return
			}
		}
	})
	defer clock.Wait()
	defer end()

	player := join("memory:game?echo=0")
	defer player.leave()
	for range 3 {
		player.say("right")
		fmt.Println(player.hear())
	}
	// Output:
	// {"x":1}
	// {"x":2}
	// {"x":3}
}

// What follows is the examples' other side: a server that forgets, and people at the raw door.

var address string

func newServer() *veche.Server {
	srv, err := veche.New(veche.Config{InMemory: true, Log: slog.New(slog.DiscardHandler), Spread: time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	return srv
}

func start(srv *veche.Server) (stop func()) {
	ts := httptest.NewServer(srv)
	address = "ws" + strings.TrimPrefix(ts.URL, "http")
	return func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := srv.Close(ctx); err != nil {
			log.Print(err)
		}
		ts.Close()
	}
}

type person struct{ conn *ws.Conn }

// join comes to the raw door, and returns when in the room.
func join(room string) person {
	sep := "?"
	if strings.Contains(room, "?") {
		sep = "&"
	}
	conn, _, err := ws.Dial(context.Background(), address+"/raw/"+room+sep+"welcome=1", nil)
	if err != nil {
		log.Fatal(err)
	}
	p := person{conn}
	p.hear() // the welcome
	return p
}

func (p person) say(text string) {
	if err := p.conn.Write(context.Background(), ws.Text, []byte(text)); err != nil {
		log.Fatal(err)
	}
}

// hear returns the next frame, or why the server closed.
func (p person) hear() string {
	_, data, err := p.conn.Read(context.Background())
	if closed, ok := errors.AsType[*ws.CloseError](err); ok {
		return closed.Reason
	}
	return string(data)
}

func (p person) leave() { _ = p.conn.Close(ws.StatusNormal, "") }
