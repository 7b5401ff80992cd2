package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"
)

const streams = 5000

// benchStreams measures Server-Sent Events: the memory of clients that hear nothing. No peer has them.
func benchStreams(ctx context.Context, p *peer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := p.start(ctx, serverCPU); err != nil {
		return err
	}
	defer p.stop()
	pid := p.cmd.Process.Pid
	before, err := resident(pid)
	if err != nil {
		return err
	}
	for range streams {
		c, err := follow(p.addr)
		if err != nil {
			return err
		}
		defer c.Close()
	}
	if err := settled(ctx, pid, pollHold); err != nil {
		return err
	}
	after, err := resident(pid)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d idle streams of events in one room: resident bytes of the server for each\n\n| server | bytes |\n| --- | --- |\n| %s | %d |\n",
		streams, p.name, (after-before)/streams)
	return nil
}

// follow opens a stream and returns when it has joined. What it is told later stays in the kernel, in which there is room for it.
func follow(addr string) (net.Conn, error) {
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	fmt.Fprintf(nc, "GET /events?room=bench HTTP/1.1\r\nHost: %s\r\n\r\n", addr)
	in := bufio.NewReader(nc)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(line, `data: {"type":"ok"`) {
			return nc, nil
		}
	}
}
