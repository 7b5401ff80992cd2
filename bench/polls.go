package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	pollers     = 5000
	pollHold    = 8 * time.Second  // of hardly any work, after which the memory is looked at
	pollLimit   = 60 * time.Second // for a message to reach everybody, or for the server to come to rest
	restingCPU  = 0.03             // of a processor
	pollWarmups = 1
)

// benchPolls measures long-polling clients, all of whom wait in one room: the memory of each, and the
// CPU that a message costs for each; and then streams.
func benchPolls(ctx context.Context, bin string, rounds int) error {
	data, remove, err := dataDir()
	if err != nil {
		return err
	}
	defer remove()
	all, err := peers(bin, data)
	if err != nil {
		return err
	}
	fmt.Printf("\n%d long-polling clients that wait in one room, resident bytes of the server for each, and its CPU for each message to each\n\n| server | bytes | CPU, µs |\n| --- | --- | --- |\n", pollers)
	for _, p := range all {
		for _, way := range []struct {
			name string
			new  func(*peer) pollClient
		}{{"Veche", newVechePoll}, {"socket.io", newSocketIOPoll}} {
			if p.name != way.name {
				continue
			}
			if err := pollRow(ctx, p, way.new, rounds); err != nil {
				return fmt.Errorf("%s: %w", p.name, err)
			}
		}
	}
	return benchStreams(ctx, all[0])
}

// pollClient speaks one server's long-polling.
type pollClient interface {
	// join comes into the room.
	join(c *httpConn) error
	// next waits for an answer and returns it.
	next(c *httpConn) (string, error)
}

func pollRow(ctx context.Context, p *peer, client func(*peer) pollClient, rounds int) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	pinSelf()
	if err := p.start(ctx, serverCPU); err != nil {
		return err
	}
	defer p.stop()
	pid := p.cmd.Process.Pid
	before, err := resident(pid)
	if err != nil {
		return err
	}
	w := &waiters{heard: make(chan struct{}, 1)}
	defer w.close()
	if err := w.gather(p, client); err != nil {
		return err
	}
	if err := settled(ctx, pid, pollHold); err != nil {
		return err
	}
	after, err := resident(pid)
	if err != nil {
		return err
	}
	publisher, err := p.connect(ctx, false)
	if err != nil {
		return err
	}
	defer publisher.Close()
	go func() { _ = publisher.until("\x00") }()            // answers pings
	if err := settled(ctx, pid, time.Second); err != nil { // it may be told that the publisher came
		return err
	}
	var used []float64
	for i := range pollWarmups + rounds {
		c0, err := cpu(pid)
		if err != nil {
			return err
		}
		if err := publisher.send(p.op, p.publish(fmt.Sprintf("%s%08x", marker, i))); err != nil {
			return err
		}
		select {
		case <-w.heard:
		case <-time.After(pollLimit):
			return fmt.Errorf("%d of %d clients heard message %d", w.n.Load()%pollers, pollers, i)
		}
		time.Sleep(time.Second) // until all wait again, which is part of the price
		c1, err := cpu(pid)
		if err != nil {
			return err
		}
		if i >= pollWarmups {
			used = append(used, (c1-c0)*1e6/pollers)
		}
	}
	fmt.Printf("| %s | %d | %.0f |\n", p.name, (after-before)/pollers, median(used))
	return nil
}

// settled waits until a process has hardly done anything for a while.
func settled(ctx context.Context, pid int, hold time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, pollLimit)
	defer cancel()
	const step = time.Second / 2
	for quiet := time.Duration(0); quiet < hold; {
		c0, err := cpu(pid)
		if err != nil {
			return err
		}
		select {
		case <-time.After(step):
		case <-ctx.Done():
			return fmt.Errorf("the server does not come to rest: %w", ctx.Err())
		}
		c1, err := cpu(pid)
		if err != nil {
			return err
		}
		if quiet += step; c1-c0 > restingCPU*step.Seconds() {
			quiet = 0
		}
	}
	return nil
}

// waiters are the clients.
type waiters struct {
	conns   []*httpConn
	polling sync.WaitGroup
	n       atomic.Int64
	heard   chan struct{} // one for each message that everybody has heard
}

// gather lets all come in, some at a time, and then wait.
func (w *waiters) gather(p *peer, client func(*peer) pollClient) error {
	const together = 64
	clients := make([]pollClient, pollers)
	for i := range clients {
		nc, err := net.Dial("tcp", p.addr)
		if err != nil {
			return err
		}
		clients[i] = client(p)
		w.conns = append(w.conns, &httpConn{Conn: nc, in: bufio.NewReaderSize(nc, 4096), host: p.addr})
	}
	errs := make(chan error, together)
	for worker := range together {
		go func() {
			for i := worker; i < pollers; i += together {
				if err := clients[i].join(w.conns[i]); err != nil {
					errs <- err
					return
				}
			}
			errs <- nil
		}()
	}
	for range together {
		if err := <-errs; err != nil {
			return err
		}
	}
	for i, c := range clients {
		w.polling.Go(func() { w.follow(c, w.conns[i]) })
	}
	return nil
}

func (w *waiters) follow(client pollClient, c *httpConn) {
	for {
		answer, err := client.next(c)
		if err != nil {
			return
		}
		for range strings.Count(answer, marker) {
			if w.n.Add(1)%pollers == 0 {
				w.heard <- struct{}{}
			}
		}
	}
}

func (w *waiters) close() {
	for _, c := range w.conns {
		c.Close()
	}
	w.polling.Wait()
}

// httpConn is a connection of HTTP/1.1 that stays.
type httpConn struct {
	net.Conn
	in     *bufio.Reader
	host   string
	cookie string
}

func (c *httpConn) ask(method, path, body string) (string, error) {
	fmt.Fprintf(c, "%s %s HTTP/1.1\r\nHost: %s\r\nCookie: %s\r\nContent-Length: %d\r\n\r\n%s", method, path, c.host, c.cookie, len(body), body)
	res, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	if cookies := res.Cookies(); len(cookies) > 0 {
		c.cookie = cookies[0].Name + "=" + cookies[0].Value
	}
	text, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	return string(text), err
}

type vechePoll struct{ query string }

func newVechePoll(*peer) pollClient { return &vechePoll{query: "rooms=bench&wait=0"} }

func (v *vechePoll) join(c *httpConn) error {
	_, err := v.next(c)
	return err
}

func (v *vechePoll) next(c *httpConn) (string, error) {
	text, err := c.ask("GET", "/poll?"+v.query, "")
	if err != nil {
		return "", err
	}
	var answer struct{ Rooms, At string }
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		return "", err
	}
	v.query = "wait=60&at=" + answer.At + "&rooms=" + url.QueryEscape(answer.Rooms)
	return text, nil
}

type socketIOPoll struct{ path string }

func newSocketIOPoll(*peer) pollClient {
	return &socketIOPoll{path: "/socket.io/?EIO=4&transport=polling"}
}

func (s *socketIOPoll) join(c *httpConn) error {
	open, err := c.ask("GET", s.path, "")
	if err != nil {
		return err
	}
	var hello struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(open, "0")), &hello); err != nil {
		return err
	}
	s.path += "&sid=" + hello.SID
	for _, packet := range []string{"40", `42["join","bench"]`} {
		if _, err := c.ask("POST", s.path, packet); err != nil {
			return err
		}
	}
	return nil
}

func (s *socketIOPoll) next(c *httpConn) (string, error) {
	text, err := c.ask("GET", s.path, "")
	if err == nil && text == "2" { // an Engine.IO ping
		_, err = c.ask("POST", s.path, "3")
	}
	return text, err
}
