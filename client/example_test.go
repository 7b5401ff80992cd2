package client_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net/http/httptest"
	"time"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/client"
)

func Example() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()

	c, err := client.Dial(ctx, url, &client.Options{Name: "Ann"})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	room, err := c.Join(ctx, "general", client.Last(20))
	if err != nil {
		log.Fatal(err)
	}
	sent, err := room.Send(ctx, "hello")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("stored as", sent.Seq)
	for e, err := range room.Events(ctx) {
		if err != nil {
			log.Fatal(err)
		}
		if m, ok := e.(*client.Message); ok {
			fmt.Println(m.Seq, m.Name, m.Body.Text())
			break
		}
	}
	// Output:
	// stored as 1
	// 1 Ann hello
}

// Many messages under way at once, in their order.
func ExampleRoom_Post() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()
	c, room := join(url, client.Start{})
	defer c.Close()

	var pending []*client.Pending
	for _, temperature := range []float64{18.5, 18.7, 19.1} {
		p, err := room.Post(ctx, client.Draft{Kind: "reading", Body: map[string]float64{"t": temperature}})
		if err != nil {
			log.Fatal(err)
		}
		pending = append(pending, p)
	}
	for _, p := range pending {
		sent, err := p.Wait(ctx)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(sent.Seq)
	}
	// Output:
	// 1
	// 2
	// 3
}

func ExampleRoom_History() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()
	c, room := join(url, client.Start{})
	defer c.Close()
	for _, word := range []string{"one", "two", "three"} {
		if _, err := room.Send(ctx, word); err != nil {
			log.Fatal(err)
		}
	}

	for m, err := range room.History(ctx, 0) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(m.Seq, m.Body.Text())
	}
	// Output:
	// 3 three
	// 2 two
	// 1 one
}

// A program goes on where its last run has stopped.
func ExampleAfter() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()
	c, room := join(url, client.Start{})
	for _, word := range []string{"one", "two", "three"} {
		if _, err := room.Send(ctx, word); err != nil {
			log.Fatal(err)
		}
	}
	next(room)
	seq, epoch, _ := room.Position() // to be kept
	_ = c.Close()

	c, room = join(url, client.After(seq, epoch))
	defer c.Close()
	fmt.Println(next(room).Body.Text())
	// Output: two
}

func ExampleError() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()
	c, err := client.Dial(ctx, url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	_, err = c.Join(ctx, "staff", client.Start{})
	if e, ok := errors.AsType[*client.Error](err); ok {
		fmt.Println(e.Code, "–", e.Message)
	}
	// Output: forbidden – staff only
}

// A client that follows what its connection does.
func ExampleClient_StateChange() {
	url, stop := startServer()
	defer stop()
	ctx := context.Background()
	c, err := client.Connect(url, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()

	for state := client.Connecting; state != client.Online; {
		if state, err = c.StateChange(ctx, state); err != nil {
			log.Fatal(err)
		}
		fmt.Println(state)
	}
	// Output: online
}

// What follows is the examples' other side.

func startServer() (url string, stop func()) {
	srv, err := veche.New(veche.Config{InMemory: true, Log: slog.New(slog.DiscardHandler), Spread: time.Millisecond})
	if err != nil {
		log.Fatal(err)
	}
	srv.OnJoin(func(_ *veche.Session, room string) error {
		if room == "staff" {
			return veche.Refuse("staff only")
		}
		return nil
	})
	ts := httptest.NewServer(srv)
	return ts.URL, func() {
		if err := srv.Close(context.Background()); err != nil {
			log.Print(err)
		}
		ts.Close()
	}
}

func join(url string, from client.Start) (*client.Client, *client.Room) {
	c, err := client.Dial(context.Background(), url, nil)
	if err != nil {
		log.Fatal(err)
	}
	room, err := c.Join(context.Background(), "general", from)
	if err != nil {
		log.Fatal(err)
	}
	return c, room
}

// next returns the room's next message.
func next(room *client.Room) *client.Message {
	for {
		e, err := room.Next(context.Background())
		if err != nil {
			log.Fatal(err)
		}
		if m, ok := e.(*client.Message); ok {
			return m
		}
	}
}
