// Command hostile-proxy is package hostile for tests that are not in Go.
//
//	hostile-proxy -target 127.0.0.1:8080 -seed 7
//
// prints its address, host:port, as the first line of standard output. A line "calm" or "cut" on
// standard input is obeyed; at its end the command ends and prints what it did, one JSON object a line.
package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/vechehq/veche/prove/hostile"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		log.Fatal(err)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("hostile-proxy", flag.ContinueOnError)
	target := flags.String("target", "", "the server, host:port")
	seed := flags.Uint64("seed", 1, "what the schedule is drawn from")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *target == "" {
		return errors.New("hostile-proxy: no -target")
	}
	p, err := hostile.New(*target, hostile.Random(*seed))
	if err != nil {
		return err
	}
	defer p.Close()
	if _, err := fmt.Fprintln(out, p.Addr); err != nil {
		return err
	}
	for lines := bufio.NewScanner(in); lines.Scan(); {
		switch lines.Text() {
		case "calm":
			p.Calm()
		case "cut":
			p.CutAll()
		}
	}
	p.Close()
	told := json.NewEncoder(out)
	for _, e := range p.Log() {
		if err := told.Encode(e); err != nil {
			return err
		}
	}
	return nil
}
