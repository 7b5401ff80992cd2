// Command veche runs the server. It reads flags, the environment and a configuration file, starts a
// [veche.Server] and drains it when asked to stop; all else is the library's.
//
// Enter by "veche --help". It refuses to fork, to rotate logs and to write a pid file: that is for
// systemd and its like.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 2) // one to drain, one to insist
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	os.Exit(run(os.Args[1:], signals, os.Stdout, os.Stderr))
}
