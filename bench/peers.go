package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// peer is a server under test and how one talks to it.
type peer struct {
	name string
	path string
	op   byte
	argv func(port string) []string

	greet     string   // the server's first frame begins with this; empty: it says nothing first
	hello     []string // frames to send after connecting, by everybody
	welcome   string   // the answer to hello begins with this; empty: there is none
	subscribe string   // frame to send by a member; empty: connecting is enough
	publish   func(payload string) string
	plain     bool // it does not compress

	addr string
	cmd  *exec.Cmd
}

const (
	serverCPU = "0"
	loadCPU   = 1
)

// vecheArgs runs the product as anybody would, but for what it logs.
func vecheArgs(bin, port, data string) []string {
	return []string{bin, "--listen", "127.0.0.1:" + port, "--data", data, "--log-level", "error"}
}

// peers returns Veche with a durable room, NATS and socket.io, which store nothing.
func peers(bin, data string) ([]*peer, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	veche := &peer{
		name: "Veche", path: "/raw/bench", op: opText,
		argv:    func(port string) []string { return vecheArgs(bin, port, data) },
		publish: func(payload string) string { return payload },
	}
	nats := &peer{
		name: "NATS", path: "/", op: opBinary, greet: "INFO",
		argv:      func(port string) []string { return []string{self, "peer-nats", port} },
		hello:     []string{"CONNECT {\"verbose\":false,\"echo\":true}\r\nPING\r\n"},
		welcome:   "PONG",
		subscribe: "SUB bench 1\r\nPING\r\n",
		publish: func(p string) string {
			return "PUB bench " + strconv.Itoa(len(p)) + "\r\n" + p + "\r\n"
		},
	}
	socketio := &peer{
		name: "socket.io", path: "/socket.io/?EIO=4&transport=websocket", op: opText, greet: "0",
		argv:      func(port string) []string { return []string{"node", "peers/socketio.mjs", port} },
		hello:     []string{"40"},
		welcome:   "40",
		subscribe: `42["join","bench"]`,
		publish:   func(p string) string { return `42["pub","` + p + `"]` },
	}
	return []*peer{veche, nats, socketio}, nil
}

// start runs the peer on a CPU of its own (cpu empty: on all) and waits until it listens.
func (p *peer) start(ctx context.Context, cpu string) error {
	port, err := freePort()
	if err != nil {
		return err
	}
	argv := p.argv(port)
	if cpu != "" {
		argv = append([]string{"taskset", "-c", cpu}, argv...)
	}
	p.addr = "127.0.0.1:" + port
	p.cmd = exec.CommandContext(ctx, argv[0], argv[1:]...)
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(syscall.SIGTERM) }
	p.cmd.WaitDelay = 10 * time.Second
	p.cmd.Stderr = os.Stderr
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("%s: %w", p.name, err)
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", p.addr)
		if err == nil {
			return c.Close()
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen: %w", p.name, err)
		}
	}
}

func (p *peer) stop() {
	if p.cmd == nil || p.cmd.Process == nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// connect opens a connection and says what this peer wants to hear first.
func (p *peer) connect(ctx context.Context, member bool) (*wsConn, error) {
	c, err := dial(ctx, p.addr, p.path)
	if err != nil {
		return nil, err
	}
	if p.greet != "" {
		if err := c.until(p.greet); err != nil {
			return nil, err
		}
	}
	for _, h := range p.hello {
		if err := c.send(p.op, h); err != nil {
			return nil, err
		}
	}
	if p.welcome != "" {
		if err := c.until(p.welcome); err != nil {
			return nil, err
		}
	}
	if member && p.subscribe != "" {
		if err := c.send(p.op, p.subscribe); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func freePort() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, err
}

// cpu returns the seconds of CPU that a process has used, all its threads together.
func cpu(pid int) (float64, error) {
	clock := int32(^pid<<3 | 2) // the process's own: clock_getcpuclockid(3)
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, err
	}
	return float64(t.Nano()) / 1e9, nil
}

// dataDir makes a directory on the disk that holds this one: a temporary file system would make
// fsync cost nothing.
func dataDir() (dir string, remove func(), err error) {
	if err := os.MkdirAll("out", 0o755); err != nil {
		return "", nil, err
	}
	dir, err = os.MkdirTemp("out", "data")
	return dir, func() { os.RemoveAll(dir) }, err
}
