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
	"flag"
	"fmt"
	"log"
	"os"

	"github.com/vechehq/veche/prove/hostile"
)

func main() {
	target := flag.String("target", "", "the server, host:port")
	seed := flag.Uint64("seed", 1, "what the schedule is drawn from")
	flag.Parse()
	if *target == "" {
		flag.Usage()
		os.Exit(2)
	}
	p, err := hostile.New(*target, hostile.Random(*seed))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(p.Addr)
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		switch in.Text() {
		case "calm":
			p.Calm()
		case "cut":
			p.CutAll()
		}
	}
	p.Close()
	out := json.NewEncoder(os.Stdout)
	for _, e := range p.Log() {
		if err := out.Encode(e); err != nil {
			log.Fatal(err)
		}
	}
}
