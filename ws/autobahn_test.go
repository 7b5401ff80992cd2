package ws

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
)

// fr is a frame of a case: its first byte and its payload.
type fr struct {
	first   byte
	payload string
}

// conversation is a case in the manner of the Autobahn testsuite, whose numbers the names keep: the
// peer sends frames to an echo, and expects frames and then the end.
type conversation struct {
	name string
	in   []fr
	out  []fr
	end  StatusCode // the close code that the echo ends with by itself; 0: the peer closes with 1000
	chop int        // bytes per write; 0: each frame is one write
	keep bool       // in brings its own close frame, so the peer sends none
}

// frames spells a list of frames: alternately first byte and payload.
func frames(v ...any) (list []fr) {
	for i := 0; i < len(v); i += 2 {
		list = append(list, fr{byte(v[i].(int)), v[i+1].(string)})
	}
	return list
}

func conversations() (list []conversation) {
	add := func(c ...conversation) { list = append(list, c...) }
	echo := func(name string, f ...fr) { add(conversation{name: name, in: f, out: f}) }

	for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536} {
		echo(fmt.Sprintf("1.1.%d", i+1), fr{0x81, strings.Repeat("*", n)})
		echo(fmt.Sprintf("1.2.%d", i+1), fr{0x82, strings.Repeat("\xfe", n)})
	}
	big := strings.Repeat("*", 65536)
	add(conversation{name: "1.1.8", in: frames(0x81, big), out: frames(0x81, big), chop: 997})
	add(conversation{name: "1.2.8", in: frames(0x82, big), out: frames(0x82, big), chop: 997})

	p125 := strings.Repeat("\xfe", 125)
	ten, tenPongs := []fr(nil), []fr(nil)
	for i := range 10 {
		ten = append(ten, fr{0x89, fmt.Sprint("payload-", i)})
		tenPongs = append(tenPongs, fr{0x8a, fmt.Sprint("payload-", i)})
	}
	add(
		conversation{name: "2.1", in: frames(0x89, ""), out: frames(0x8a, "")},
		conversation{name: "2.2", in: frames(0x89, "Hello, world!"), out: frames(0x8a, "Hello, world!")},
		conversation{name: "2.3", in: frames(0x89, "\x00\xff\xfe\xfd"), out: frames(0x8a, "\x00\xff\xfe\xfd")},
		conversation{name: "2.4", in: frames(0x89, p125), out: frames(0x8a, p125)},
		conversation{name: "2.5", in: frames(0x89, p125+"x"), end: 1002},
		conversation{name: "2.6", in: frames(0x89, p125), out: frames(0x8a, p125), chop: 1},
		conversation{name: "2.7", in: frames(0x8a, "")},
		conversation{name: "2.8", in: frames(0x8a, "unsolicited")},
		conversation{name: "2.9", in: frames(0x8a, "unsolicited", 0x89, "x"), out: frames(0x8a, "x")},
		conversation{name: "2.10", in: ten, out: tenPongs},
		conversation{name: "2.11", in: ten, out: tenPongs, chop: 1},
	)

	hello := fr{0x81, "Hello, world!"}
	add(
		conversation{name: "3.1", in: frames(0x81|0x10, "x"), end: 1002},
		conversation{name: "3.2", in: append([]fr{hello}, frames(0x81|0x20, "x", 0x89, "")...), out: []fr{hello}, end: 1002},
		conversation{name: "3.3", in: append([]fr{hello}, frames(0x81|0x30, "x", 0x89, "")...), out: []fr{hello}, end: 1002},
		conversation{name: "3.4", in: append([]fr{hello}, frames(0x81|0x40, "x", 0x89, "")...), out: []fr{hello}, end: 1002, chop: 1},
		conversation{name: "3.5", in: frames(0x82|0x50, "\x00"), end: 1002},
		conversation{name: "3.6", in: frames(0x89|0x60, "x"), end: 1002},
		conversation{name: "3.7", in: frames(0x88|0x70, ""), end: 1002},
	)
	for i, op := range []int{3, 4, 5, 6, 7} {
		add(conversation{name: fmt.Sprintf("4.1.%d", i+1), in: append([]fr{hello}, fr{byte(0x80 | op), "x"[:i%2]}), out: []fr{hello}, end: 1002})
		add(conversation{name: fmt.Sprintf("4.2.%d", i+1), in: append([]fr{hello}, fr{byte(0x88 | op), "x"[:i%2]}), out: []fr{hello}, end: 1002, chop: i % 2})
	}

	f1, f2, whole := "fragment1", "fragment2", "fragment1fragment2"
	add(
		conversation{name: "5.1", in: frames(0x09, f1, 0x80, f2), end: 1002},
		conversation{name: "5.2", in: frames(0x0a, f1, 0x80, f2), end: 1002},
		conversation{name: "5.3", in: frames(0x01, f1, 0x80, f2), out: frames(0x81, whole)},
		conversation{name: "5.5", in: frames(0x01, f1, 0x80, f2), out: frames(0x81, whole), chop: 1},
		conversation{name: "5.6", in: frames(0x01, f1, 0x89, "p", 0x80, f2), out: frames(0x8a, "p", 0x81, whole)},
		conversation{name: "5.8", in: frames(0x01, f1, 0x89, "p", 0x80, f2), out: frames(0x8a, "p", 0x81, whole), chop: 1},
		conversation{name: "5.9", in: frames(0x80, "none", 0x81, "Hello"), end: 1002},
		conversation{name: "5.11", in: frames(0x80, "none", 0x81, "Hello"), end: 1002, chop: 1},
		conversation{name: "5.12", in: frames(0x00, "none", 0x81, "Hello"), end: 1002},
		conversation{name: "5.15", in: frames(0x01, f1, 0x80, f2, 0x00, "f3", 0x81, "f4"), out: frames(0x81, whole), end: 1002},
		conversation{name: "5.16", in: frames(0x00, f1, 0x01, f1, 0x80, f2), end: 1002},
		conversation{name: "5.18", in: frames(0x01, f1, 0x81, f2), end: 1002},
		conversation{name: "5.19", in: frames(0x01, "f1", 0x00, "f2", 0x89, "p1", 0x00, "f3", 0x00, "f4", 0x89, "p2", 0x80, "f5"),
			out: frames(0x8a, "p1", 0x8a, "p2", 0x81, "f1f2f3f4f5")},
		conversation{name: "5.20", in: frames(0x01, "f1", 0x00, "f2", 0x89, "p1", 0x00, "f3", 0x00, "f4", 0x89, "p2", 0x80, "f5"),
			out: frames(0x8a, "p1", 0x8a, "p2", 0x81, "f1f2f3f4f5"), chop: 1},
	)

	good := "Hello-µ@ßöäüàá-UTF-8!!"
	bad := "κόσμε\xed\xa0\x80edited"
	add(
		conversation{name: "6.1.1", in: frames(0x81, ""), out: frames(0x81, "")},
		conversation{name: "6.1.2", in: frames(0x01, "", 0x00, "", 0x80, ""), out: frames(0x81, "")},
		conversation{name: "6.1.3", in: frames(0x01, "", 0x00, "middle", 0x80, ""), out: frames(0x81, "middle")},
		conversation{name: "6.2.1", in: frames(0x81, good), out: frames(0x81, good)},
		conversation{name: "6.2.2", in: frames(0x01, good[:12], 0x80, good[12:]), out: frames(0x81, good)},
		conversation{name: "6.2.3", in: octets(good), out: frames(0x81, good)},
		conversation{name: "6.2.4", in: octets("κόσμε"), out: frames(0x81, "κόσμε")},
		conversation{name: "6.3.1", in: frames(0x81, bad), end: 1007},
		conversation{name: "6.3.2", in: octets(bad), end: 1007},
		// The rest never comes: the answer must not wait for it.
		conversation{name: "6.4.1", in: frames(0x01, "κόσμε", 0x00, "\xf4\x90\x80\x80"), end: 1007},
		conversation{name: "6.4.2", in: frames(0x01, "κόσμε\xf4", 0x00, "\x90"), end: 1007},
	)
	for i, s := range texts {
		c := conversation{name: fmt.Sprintf("6.5–6.23 %d", i), in: frames(0x81, s), out: frames(0x81, s)}
		if at, whole := firstBad(s); at >= 0 || !whole {
			c.out, c.end = nil, 1007
		}
		add(c)
	}

	add(
		conversation{name: "7.1.1", in: []fr{hello}, out: []fr{hello}},
		conversation{name: "7.1.2", in: frames(0x88, closePayload(1000, ""), 0x88, closePayload(1000, "")), end: 1000, keep: true},
		conversation{name: "7.1.3", in: frames(0x88, closePayload(1000, ""), 0x89, "x"), end: 1000, keep: true},
		conversation{name: "7.1.4", in: frames(0x88, closePayload(1000, ""), 0x81, "x"), end: 1000, keep: true},
		conversation{name: "7.1.5", in: frames(0x01, f1, 0x88, closePayload(1000, ""), 0x80, f2), end: 1000, keep: true},
		conversation{name: "7.1.6", in: frames(0x82, big, 0x88, closePayload(1000, ""), 0x89, ""), out: frames(0x82, big), end: 1000, keep: true},
		conversation{name: "7.3.1", in: frames(0x88, ""), end: StatusNoStatus, keep: true},
		conversation{name: "7.3.2", in: frames(0x88, "a"), end: 1002, keep: true},
		conversation{name: "7.3.3", in: frames(0x88, closePayload(1000, "")), end: 1000, keep: true},
		conversation{name: "7.3.4", in: frames(0x88, closePayload(1000, "Hello World!")), end: 1000, keep: true},
		conversation{name: "7.3.5", in: frames(0x88, closePayload(1000, strings.Repeat("*", 123))), end: 1000, keep: true},
		conversation{name: "7.3.6", in: frames(0x88, closePayload(1000, strings.Repeat("*", 124))), end: 1002, keep: true},
		conversation{name: "7.5.1", in: frames(0x88, closePayload(1000, bad)), end: 1007, keep: true},
	)
	for _, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		add(conversation{name: fmt.Sprintf("7.7 %d", code), in: frames(0x88, closePayload(code, "")), end: StatusCode(code), keep: true})
	}
	for _, code := range []uint16{0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535} {
		add(conversation{name: fmt.Sprintf("7.9, 7.13 %d", code), in: frames(0x88, closePayload(code, "")), end: 1002, keep: true})
	}

	large := strings.Repeat("Привет", 1<<16)
	add(
		conversation{name: "9.1", in: frames(0x81, large), out: frames(0x81, large)},
		conversation{name: "9.2", in: frames(0x82, large), out: frames(0x82, large)},
		conversation{name: "9.3", in: fragments(0x01, large, 1001), out: frames(0x81, large)},
		conversation{name: "9.5", in: frames(0x81, large), out: frames(0x81, large), chop: 2047},
		conversation{name: "10.1.1", in: fragments(0x01, big, 1300), out: frames(0x81, big)},
	)
	return list
}

// octets is a text in fragments of one byte.
func octets(s string) []fr { return fragments(0x01, s, 1) }

func fragments(first byte, s string, size int) (list []fr) {
	for len(s) > size {
		list = append(list, fr{first, s[:size]})
		first, s = 0, s[size:]
	}
	return append(list, fr{first | 0x80, s})
}

// TestAutobahn holds each conversation as server and as client, in both forms.
func TestAutobahn(t *testing.T) {
	for _, c := range conversations() {
		t.Run(c.name, func(t *testing.T) {
			for _, side := range []Side{Server, Client} {
				for _, push := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) { c.hold(t, side, push) })
				}
			}
		})
	}
}

func (c conversation) hold(t *testing.T, side Side, push bool) {
	conn, p := memPair(t, side, Options{})
	ended := echo(conn, push)
	go c.say(p)
	where := fmt.Sprintf("%v, push %v", side, push)
	for i, f := range c.out {
		p.want(fmt.Sprintf("%s: answer %d", where, i), f.first, f.payload)
	}
	end := c.end
	if end == 0 {
		end = 1000
	}
	p.wantClose(where+": end", end)
	if side == Client {
		_ = p.nc.Close() // the server ends the connection beneath
	} else {
		p.wantEnd(where)
	}
	err := <-ended
	if c.end == 0 || c.keep && StatusCode(c.end) != 1002 && c.end != 1007 {
		wantAs[*CloseError](t, err)
	} else if CloseStatus(err) == 0 {
		if e := wantAs[*ProtocolError](t, err); e.Code != end || e.By != side.peer() {
			t.Fatalf("%s: ended with %+v", where, e)
		}
	}
}

// say writes the case's frames, and then closes like a peer that has heard enough.
func (c conversation) say(p *peer) {
	var parts [][]byte
	for _, f := range c.in {
		parts = append(parts, p.fr(f.first, f.payload))
	}
	if c.end == 0 {
		parts = append(parts, p.fr(0x88, closePayload(1000, "")))
	}
	if c.chop > 0 {
		parts = slices.Collect(slices.Chunk(bytes.Join(parts, nil), c.chop))
	}
	for _, b := range parts {
		if _, err := p.nc.Write(b); err != nil {
			return // it has hung up on us, as some cases want
		}
	}
}

// echo sends every message back until the end, and returns a channel that tells why it came.
func echo(c *Conn, push bool) <-chan error {
	ended := make(chan error, 1)
	if push {
		c.Start(&echoHandler{ended})
		return ended
	}
	go func() {
		for {
			typ, data, err := c.Read(context.Background())
			if err == nil {
				err = c.Write(context.Background(), typ, data)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	return ended
}
