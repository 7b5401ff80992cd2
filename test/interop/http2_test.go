package interop

import (
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"github.com/vechehq/veche/test/harness"
)

// framer is a client of HTTP/2 that says and hears frames.
type framer struct {
	*http2.Framer
	t       *testing.T
	encoder *hpack.Encoder
	block   bytes.Buffer
	streams uint32
	last    http2.Frame // that was read
}

// newFramer begins a connection, and returns the server's first settings too.
func newFramer(t *testing.T, s *harness.Server) (*framer, *http2.SettingsFrame) {
	t.Helper()
	config := s.Trust().Clone()
	config.NextProtos = []string{"h2"}
	conn, err := tls.Dial("tcp", s.Addr, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	_ = conn.SetDeadline(time.Now().Add(2 * time.Minute))
	if _, err := conn.Write([]byte(http2.ClientPreface)); err != nil {
		t.Fatal(err)
	}
	f := &framer{Framer: http2.NewFramer(conn, conn), t: t}
	f.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	f.encoder = hpack.NewEncoder(&f.block)
	f.must(f.WriteSettings())
	settings := await[*http2.SettingsFrame](f, 0)
	f.must(f.WriteSettingsAck())
	return f, settings
}

func (f *framer) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// await reads until a frame of that type on that stream.
func await[F http2.Frame](f *framer, stream uint32) F {
	f.t.Helper()
	for {
		frame, err := f.ReadFrame()
		if err != nil {
			f.t.Fatalf("%v instead of a frame on %d, after %v", err, stream, f.last)
		}
		f.last = frame
		if got, ok := frame.(F); ok && frame.Header().StreamID == stream {
			return got
		}
	}
}

// ask opens a stream with that head, pairs of names and values, and leaves it open, but for a GET.
func (f *framer) ask(head ...string) (stream uint32) {
	f.t.Helper()
	f.block.Reset()
	for i := 0; i < len(head); i += 2 {
		f.must(f.encoder.WriteField(hpack.HeaderField{Name: head[i], Value: head[i+1]}))
	}
	stream = 2*f.streams + 1
	f.streams++
	block, first := f.block.Bytes(), true
	for first || len(block) > 0 {
		n := min(len(block), 16<<10)
		part, end := block[:n], n == len(block)
		if first {
			f.must(f.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: part, EndHeaders: end, EndStream: head[1] == "GET"}))
		} else {
			f.must(f.WriteContinuation(stream, end, part))
		}
		block, first = block[n:], false
	}
	return stream
}

// connectFields is the head of an extended CONNECT.
func connectFields(protocol, path string, more ...string) []string {
	return append([]string{":method", "CONNECT", ":protocol", protocol, ":scheme", "https", ":authority", "veche.test", ":path", path,
		"sec-websocket-version", "13"}, more...)
}

// hears waits for a text frame of the WebSocket in a stream that holds it, and returns what came.
func (f *framer) hears(stream uint32, what string) string {
	f.t.Helper()
	var all strings.Builder
	for !strings.Contains(all.String(), what) {
		all.Write(await[*http2.DataFrame](f, stream).Data())
	}
	return all.String()
}

// TestHTTP2OnTheWire: RFC 8441 as one reads it: the setting, each door's answer, what is no WebSocket, a reset and a
// GOAWAY, all on one connection.
func TestHTTP2OnTheWire(t *testing.T) {
	s := harness.StartTLS(t)
	f, settings := newFramer(t, s)
	// Section 3: "A value of 1 … indicates that the server supports the extended CONNECT method."
	if v, ok := settings.Value(http2.SettingEnableConnectProtocol); !ok || v != 1 {
		t.Errorf("ENABLE_CONNECT_PROTOCOL is %d", v)
	}
	if v, ok := settings.Value(http2.SettingMaxConcurrentStreams); !ok || v < 256 {
		t.Errorf("MAX_CONCURRENT_STREAMS is %d", v)
	}
	native := f.ask(connectFields("websocket", "/ws?room=general", "sec-websocket-protocol", "veche.v1")...)
	if h := await[*http2.MetaHeadersFrame](f, native); h.PseudoValue("status") != "200" || h.StreamEnded() {
		t.Fatal(h)
	}
	f.hears(native, `"transport":"websocket/h2"`)

	for name, c := range map[string]struct {
		head   []string
		status string
	}{
		"another protocol":  {connectFields("connect-udp", "/ws"), "501"},
		"no protocol":       {[]string{":method", "CONNECT", ":authority", "veche.test"}, "405"},
		"no door":           {connectFields("websocket", "/nowhere"), "405"},
		"another version":   {append(connectFields("websocket", "/ws")[:11], "12"), "400"},
		"a foreign page":    {connectFields("websocket", "/ws", "origin", "https://evil.example"), "403"},
		"a stream's door":   {connectFields("websocket", "/events?room=r"), "405"},
		"too large headers": {connectFields("websocket", "/ws", slices.Repeat([]string{"x-large", strings.Repeat("x", 4000)}, 9)...), "431"},
	} {
		stream := f.ask(c.head...)
		if h := await[*http2.MetaHeadersFrame](f, stream); h.PseudoValue("status") != c.status {
			t.Errorf("%s: %v, want %s", name, h.PseudoValue("status"), c.status)
		}
		f.must(f.WriteRSTStream(stream, http2.ErrCodeCancel))
	}
	// A request with a body that means nothing is refused, and its connection stays.
	body := f.ask(":method", "HEAD", ":scheme", "https", ":authority", "veche.test", ":path", "/")
	if h := await[*http2.MetaHeadersFrame](f, body); h.PseudoValue("status") != "400" {
		t.Error(h)
	}
	// Without what section 4 demands the request is malformed: an error of the stream (RFC 9113, 8.1.1).
	malformed := f.ask(":method", "CONNECT", ":protocol", "websocket", ":authority", "veche.test")
	if e := await[*http2.RSTStreamFrame](f, malformed); e.ErrCode != http2.ErrCodeProtocol {
		t.Error(e)
	}

	// A reset ends that session and no other.
	other := f.ask(connectFields("websocket", "/ws?room=general")...)
	f.hears(other, `"type":"presence"`)
	f.must(f.WriteRSTStream(other, http2.ErrCodeCancel))
	f.hears(native, `"left":["g-`)

	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		s.Stop()
	}()
	f.hears(native, `"type":"bye","code":"drain"`)
	f.must(f.WriteData(native, true, closeFrame(1012)))
	if g := await[*http2.GoAwayFrame](f, 0); g.ErrCode != http2.ErrCodeNo {
		t.Error(g)
	}
	<-stopped
}

// closeFrame is a client's.
func closeFrame(code uint16) []byte {
	return binary.BigEndian.AppendUint16([]byte{0x88, 0x82, 0, 0, 0, 0}, code)
}

// TestHTTP2Switch: off, the setting is not there, and a CONNECT all the same is refused.
func TestHTTP2Switch(t *testing.T) {
	f, settings := newFramer(t, harness.StartTLS(t, "--no-websocket-http2"))
	if v, ok := settings.Value(http2.SettingEnableConnectProtocol); ok && v != 0 {
		t.Errorf("ENABLE_CONNECT_PROTOCOL is %d", v)
	}
	stream := f.ask(connectFields("websocket", "/ws")...)
	if e := await[*http2.RSTStreamFrame](f, stream); e.ErrCode != http2.ErrCodeProtocol {
		t.Error(e)
	}
	page := f.ask(":method", "GET", ":scheme", "https", ":authority", "veche.test", ":path", "/healthz")
	if h := await[*http2.MetaHeadersFrame](f, page); h.PseudoValue("status") != "200" {
		t.Error(h)
	}
}
