// Command nodes runs servers that share nothing but a store, a bus and a key, in one process of their own: what
// tests are pointed at that run against servers which are there already.
//
//	go run ./nodes -n 2 -data DIR
//
// The first line of standard output is their URLs, with commas between them. SIGTERM drains and ends it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/store/sqlite"
)

var (
	count  = flag.Int("n", 2, "how many servers")
	data   = flag.String("data", "", "`directory` of the store")
	secret = flag.String("secret", os.Getenv("VECHE_TOKEN_SECRET"), "signs users' tokens")
)

// patience is how long all may take to end.
const patience = 10 * time.Second

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) (err error) {
	store, err := sqlite.Open(filepath.Join(*data, "veche.db"), nil)
	if err != nil {
		return err
	}
	bus := local.New(nil)
	defer func() {
		late, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		err = errors.Join(err, bus.Close(late), store.Close(late))
	}()
	config := veche.Config{Store: store, Bus: bus, Key: auth.NewKey(), TokenSecret: []byte(*secret), Spread: time.Second,
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil))}
	nodes := make([]*veche.Server, *count)
	listeners := make([]net.Listener, *count)
	urls := make([]string, *count)
	for i := range nodes {
		if nodes[i], err = veche.New(config); err != nil {
			return err
		}
		if listeners[i], err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			return err
		}
		urls[i] = "http://" + listeners[i].Addr().String()
	}
	var serving sync.WaitGroup
	served := make([]error, *count)
	for i, node := range nodes {
		serving.Go(func() { served[i] = node.Serve(listeners[i]) })
	}
	fmt.Println(strings.Join(urls, ","))
	<-ctx.Done()
	late, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, node := range nodes {
		err = errors.Join(err, node.Close(late))
	}
	serving.Wait()
	return errors.Join(err, errors.Join(served...))
}
