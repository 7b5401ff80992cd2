package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/store/sqlite"
	"github.com/vechehq/veche/store/sqlite/faultdisk"
)

func main() {
	bug := os.Args[1]
	flags := flag.NewFlagSet("planted", flag.ExitOnError)
	listen := flags.String("listen", "127.0.0.1:0", "")
	data := flags.String("data", "", "")
	drain := flags.Duration("drain", time.Second, "")
	flags.Bool("fault-disk", true, "")
	flags.String("log-level", "warn", "")
	_ = flags.Parse(os.Args[3:]) // after "serve"
	if err := serve(bug, *listen, *data, *drain); err != nil {
		log.Fatal(err)
	}
}

func serve(bug, listen, data string, drain time.Duration) error {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	disk, err := faultdisk.Attach()
	if err != nil {
		return err
	}
	file := filepath.Join(data, "veche.db")
	if _, err := os.Stat(file); err == nil && bug == "loss" {
		if err := forget(file); err != nil {
			return err
		}
	}
	store, err := sqlite.Open(file, &sqlite.Options{VFS: faultdisk.Name, Log: quiet})
	if err != nil {
		return err
	}
	defer store.Close(context.Background())
	config := veche.Config{
		TokenSecret: []byte(os.Getenv("VECHE_TOKEN_SECRET")), Spread: drain, Log: quiet,
		Store: store, Key: []byte("a key of thirty-two bytes, or so")[:32],
	}
	if err := plant(bug, &config, disk); err != nil {
		return err
	}
	srv, err := veche.New(config)
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	fmt.Printf("planted: http://%s\n", l.Addr())
	go disk.Obey(os.Stdin, os.Stdout)
	go srv.Serve(l)
	<-signals
	go func() {
		<-signals
		os.Exit(1)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	return srv.Close(ctx)
}

// plant puts the bug where it belongs.
func plant(bug string, c *veche.Config, disk *faultdisk.Disk) error {
	switch bug {
	case "none", "loss":
	case "drop":
		c.Store = &dropping{Store: c.Store}
	case "double":
		c.Store = doubling{c.Store}
	case "swap":
		c.Store = &swapping{Store: c.Store}
	case "receipt":
		c.Store = forging{c.Store}
	case "ghost":
		c.Bus = &haunted{}
	case "no-fsync":
		disk.LieAboutSync(true)
	default:
		return fmt.Errorf("there is no bug %q", bug)
	}
	return nil
}
