// Command go-client is a chat in the terminal over package client: go-client [URL ROOM].
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"os"
	"os/signal"

	"github.com/vechehq/veche/client"
)

func main() {
	url, room := "ws://localhost:8080/ws", "general"
	if len(os.Args) > 2 {
		url, room = os.Args[1], os.Args[2]
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := chat(ctx, url, room); err != nil && ctx.Err() == nil {
		log.Fatal(err)
	}
}

func chat(ctx context.Context, url, name string) error {
	c, err := client.Dial(ctx, url, nil)
	if err != nil {
		return err
	}
	defer c.Close()
	room, err := c.Join(ctx, name, client.Last(20))
	if err != nil {
		return err
	}
	go func() {
		for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
			if _, err := room.Send(ctx, lines.Text()); err != nil {
				fmt.Fprintln(os.Stderr, "not sent:", err)
			}
		}
		room.Leave()
	}()
	for e, err := range room.Events(ctx) {
		if err == client.ErrLeft {
			return nil
		}
		if err != nil {
			return err
		}
		switch e := e.(type) {
		case *client.Message:
			fmt.Println(e.Seq, e.From, e.Body.Text())
		case *client.Gap:
			fmt.Println("missing:", e.From, "to", e.To)
		}
	}
	return nil
}
