// The opening handshake, by hand: what is tested must not test itself.

package conformance

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// patience is how long one case may take: what the suite gives its longest.
const patience = 8 * time.Minute

// The key and its answer are those of RFC 6455, section 1.3.
const (
	keyOfTheRFC    = "dGhlIHNhbXBsZSBub25jZQ=="
	acceptOfTheRFC = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
)

// dial connects to a server, offering extensions if there are any, and returns what it answered.
func dial(t *testing.T, addr, offer string) (nc net.Conn, br *bufio.Reader, extensions string) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	request := "GET / HTTP/1.1\r\nHost: " + addr + "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + keyOfTheRFC + "\r\n"
	if offer != "" {
		request += "Sec-WebSocket-Extensions: " + offer + "\r\n"
	}
	if _, err := io.WriteString(nc, request+"\r\n"); err != nil {
		t.Fatal(err)
	}
	br = bufio.NewReader(nc)
	res, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got := res.Header.Get("Sec-WebSocket-Accept"); res.StatusCode != 101 || got != acceptOfTheRFC {
		t.Fatalf("handshake: %s, Sec-WebSocket-Accept %q", res.Status, got)
	}
	return nc, br, res.Header.Get("Sec-WebSocket-Extensions")
}

// accept takes one client, which offered extensions, and answers with those given.
func accept(t *testing.T, l net.Listener, answer string) (nc net.Conn, br *bufio.Reader, offer string) {
	t.Helper()
	l.(*net.TCPListener).SetDeadline(time.Now().Add(patience))
	nc, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	nc.SetDeadline(time.Now().Add(patience))
	br = bufio.NewReader(nc)
	req, err := http.ReadRequest(br)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha1.Sum([]byte(req.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	if answer != "" {
		answer = "Sec-WebSocket-Extensions: " + answer + "\r\n"
	}
	_, err = fmt.Fprintf(nc, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"+
		"Sec-WebSocket-Accept: %s\r\n%s\r\n", base64.StdEncoding.EncodeToString(sum[:]), answer)
	if err != nil {
		t.Fatal(err)
	}
	return nc, br, req.Header.Get("Sec-WebSocket-Extensions")
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
