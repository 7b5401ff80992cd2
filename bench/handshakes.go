package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"golang.org/x/sys/unix"
)

// handshakeTables measures what a connection costs until it is one: accept, the request, the answer.
func handshakeTables(ctx context.Context, all []*peer, o options) (tables []*table, err error) {
	for _, inflight := range []int{64, 1} {
		rows, err := interleave(ctx, all, o.rounds, func(_ int, p *peer) (sample, error) { return handshakeRound(ctx, p, inflight, o.window) })
		if err != nil {
			return nil, err
		}
		tables = append(tables, &table{title: fmt.Sprintf("Handshakes, %d at a time: what each costs the server", inflight),
			short:   fmt.Sprintf("Handshakes, %d at a time: CPU µs each", inflight),
			columns: []column{cpuColumn, rateColumn}, against: "gws", rows: rows})
	}
	return tables, nil
}

// maxHandshakes bounds a round: the connections stay open until its end.
const maxHandshakes = 6000

func handshakeRound(ctx context.Context, p *peer, inflight int, window time.Duration) (sample, error) {
	to, err := netip.ParseAddrPort(p.addr)
	if err != nil {
		return sample{}, err
	}
	var open []int
	defer func() {
		for _, fd := range open {
			_ = unix.Close(fd)
		}
	}()
	pid := p.cmd.Process.Pid
	cpu0, err0 := cpu(pid)
	t0 := time.Now()
	for len(open) < maxHandshakes && time.Since(t0) < window && ctx.Err() == nil {
		first := len(open)
		for range inflight {
			fd, err := knock(to, p.path)
			if err != nil {
				return sample{}, err
			}
			open = append(open, fd)
		}
		for _, fd := range open[first:] {
			if err := enter(fd); err != nil {
				return sample{}, err
			}
		}
	}
	took := time.Since(t0).Seconds()
	cpu1, err1 := cpu(pid)
	n := float64(len(open))
	return sample{cpu: (cpu1 - cpu0) / n * 1e6, rate: n / took}, errors.Join(err0, err1, ctx.Err())
}

// knock connects and sends a handshake. On loopback nothing of it waits.
func knock(to netip.AddrPort, path string) (fd int, err error) {
	fd, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	request := fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %v\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n", path, to)
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()})
	if err == nil {
		_, err = unix.Write(fd, request)
	}
	if err != nil {
		_ = unix.Close(fd)
	}
	return fd, err
}

// enter waits for the answer.
func enter(fd int) error {
	var buf [1024]byte
	n, err := unix.Read(fd, buf[:])
	switch {
	case err != nil:
		return err
	case !bytes.HasPrefix(buf[:n], []byte("HTTP/1.1 101 ")):
		return fmt.Errorf("answered %q", buf[:n])
	}
	return nil
}
