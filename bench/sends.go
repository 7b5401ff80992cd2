package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"time"
)

// benchSends measures durable sends over the native protocol: a send is done when its ok is here,
// which is after the fsync. Nobody has joined the rooms, so that only the way to the disk is measured.
func benchSends(ctx context.Context, bin string, rounds int, window time.Duration) error {
	fmt.Printf("\nDurable sends of 128 bytes, fsync before each acknowledgement\n\n")
	fmt.Printf("| senders | in flight each | rooms | sends/s | p50 | p99 | server CPU-s per 1M |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	for _, s := range []sendSetting{{1, 1, 1}, {10, 1, 1}, {100, 1, 1}, {100, 1, 100}, {1, 8, 1}, {10, 8, 1}, {100, 5, 1}, {100, 8, 1}, {100, 8, 100}} {
		var rates, p50s, p99s, cpus []float64
		for range rounds {
			r, err := sendRound(ctx, bin, s, window)
			if err != nil {
				return err
			}
			rates, cpus = append(rates, r.rate), append(cpus, r.cpu)
			p50s, p99s = append(p50s, r.p50.Seconds()*1e3), append(p99s, r.p99.Seconds()*1e3)
		}
		fmt.Printf("| %d | %d | %d | %.0f | %.2f ms | %.2f ms | %.1f |\n", s.senders, s.inFlight, s.rooms, median(rates), median(p50s), median(p99s), median(cpus))
	}
	return nil
}

// sendSetting says how many send, how many messages each has unanswered, and in how many rooms.
type sendSetting struct{ senders, inFlight, rooms int }

type sendResult struct {
	rate, cpu float64
	p50, p99  time.Duration
}

func sendRound(ctx context.Context, bin string, s sendSetting, window time.Duration) (sendResult, error) {
	data, remove, err := dataDir()
	if err != nil {
		return sendResult{}, err
	}
	defer remove()
	p := &peer{name: "veche", path: "/ws", op: opText, greet: `{"type":"welcome"`, argv: func(port string) []string {
		return vecheArgs(bin, port, data)
	}}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := p.start(ctx, ""); err != nil {
		return sendResult{}, err
	}
	defer p.stop()
	conns := make([]*wsConn, s.senders)
	for i := range conns {
		if conns[i], err = p.connect(ctx, false); err != nil {
			return sendResult{}, err
		}
		defer conns[i].Close()
	}
	cpu0, err := cpu(p.cmd.Process.Pid)
	if err != nil {
		return sendResult{}, err
	}
	var (
		wg    sync.WaitGroup
		mu    sync.Mutex
		took  []time.Duration
		first error
		start = time.Now()
	)
	for i, c := range conns {
		wg.Go(func() {
			mine, err := sendFor(c, fmt.Sprintf("room-%d", i%s.rooms), s.inFlight, start.Add(window))
			mu.Lock()
			defer mu.Unlock()
			took = append(took, mine...)
			if err != nil {
				first = err
			}
		})
	}
	wg.Wait()
	if first != nil {
		return sendResult{}, first
	}
	elapsed := time.Since(start).Seconds()
	cpu1, err := cpu(p.cmd.Process.Pid)
	if err != nil {
		return sendResult{}, err
	}
	slices.Sort(took)
	n := len(took)
	return sendResult{
		rate: float64(n) / elapsed, cpu: (cpu1 - cpu0) / float64(n) * 1e6,
		p50: took[n/2], p99: took[n*99/100],
	}, nil
}

// sendFor sends until end, with at most inFlight unanswered, and returns how long each answer took.
// Answers of one connection come in the order of its sends.
func sendFor(c *wsConn, room string, inFlight int, end time.Time) ([]time.Duration, error) {
	const text = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
	var (
		took []time.Duration
		sent []time.Time
		buf  []byte
		out  []byte
		seq  int
	)
	ask := func() {
		seq++
		sent = append(sent, time.Now())
		out = appendFrame(out, opText, fmt.Appendf(nil, `{"type":"send","id":%d,"room":%q,"cid":"%d","body":%q}`, seq, room, seq, text))
	}
	for range inFlight {
		ask()
	}
	for len(sent) > 0 {
		if len(out) > 0 {
			if _, err := c.Write(out); err != nil {
				return nil, err
			}
			out = out[:0]
		}
		for more := true; more && len(sent) > 0; more = c.in.Buffered() > 0 {
			var err error
			if buf, err = c.next(buf); err != nil {
				return nil, err
			}
			if err := isOK(buf); err != nil {
				return nil, err
			}
			took = append(took, time.Since(sent[0]))
			sent = sent[1:]
			if time.Now().Before(end) {
				ask()
			}
		}
	}
	return took, nil
}

func isOK(b []byte) error {
	var answer struct{ Type, Code, Message string }
	if len(b) > 12 && string(b[:12]) == `{"type":"ok"` {
		return nil
	}
	if err := json.Unmarshal(b, &answer); err != nil {
		return err
	}
	return fmt.Errorf("answered %s %s: %s", answer.Type, answer.Code, answer.Message)
}
