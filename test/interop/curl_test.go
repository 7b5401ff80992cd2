package interop

import (
	"bufio"
	"os/exec"
	"strings"
	"testing"

	"github.com/vechehq/veche/test/harness"
)

// upgrade is the least that a handshake says (RFC 6455, 4.1). The key and its answer are those of
// section 1.3.
var upgrade = []string{
	"-H", "Connection: Upgrade", "-H", "Upgrade: websocket",
	"-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
}

const acceptOfTheRFC = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

func TestCurlHandshake(t *testing.T) {
	s := harness.Start(t)
	// curl prints a head when something follows it: both doors say welcome.
	for _, path := range []string{"/ws", "/raw/curl?welcome=1"} {
		for _, origin := range []string{"", s.HTTP("")} {
			head := curl(t, s.HTTP(path), append(upgrade, "-H", "Origin: "+origin)...)
			if want := "HTTP/1.1 101 "; !strings.HasPrefix(head[0], want) {
				t.Errorf("%s from %q: got %q, want %q", path, origin, head[0], want)
			}
			if got := field(head, "Sec-WebSocket-Accept"); got != acceptOfTheRFC {
				t.Errorf("%s: Sec-WebSocket-Accept: %q, want %q", path, got, acceptOfTheRFC)
			}
		}
	}
}

func TestCurlRefusals(t *testing.T) {
	s := harness.Start(t)
	without := func(header string) []string {
		var args []string
		for i := 0; i < len(upgrade); i += 2 {
			if !strings.HasPrefix(upgrade[i+1], header+":") {
				args = append(args, upgrade[i:i+2]...)
			}
		}
		return args
	}
	with := func(header, value string) []string {
		return append(without(header), "-H", header+": "+value)
	}
	tests := []struct {
		name   string
		args   []string
		status string
		header string // that must be there too
		value  string
	}{
		{"another version", with("Sec-WebSocket-Version", "12"), "426", "Sec-WebSocket-Version", "13"},
		{"no upgrade", without("Upgrade"), "426", "Upgrade", "websocket"},
		{"another origin", with("Origin", "https://elsewhere.example"), "403", "", ""},
		{"no key", without("Sec-WebSocket-Key"), "400", "", ""},
		{"a key that is no base64", with("Sec-WebSocket-Key", "????????????????????????"), "400", "", ""},
		{"a key of 12 bytes", with("Sec-WebSocket-Key", "c2hvcnQgb25lIGhlcmU="), "400", "", ""},
		{"another method", append(upgrade[:len(upgrade):len(upgrade)], "-X", "POST"), "405", "", ""},
	}
	for _, path := range []string{"/ws", "/raw/curl"} {
		for _, tt := range tests {
			head := curl(t, s.HTTP(path), tt.args...)
			if want := "HTTP/1.1 " + tt.status + " "; !strings.HasPrefix(head[0], want) {
				t.Errorf("%s, %s: got %q, want %q", path, tt.name, head[0], want)
			}
			if got := field(head, tt.header); tt.header != "" && got != tt.value {
				t.Errorf("%s, %s: %s: %q, want %q", path, tt.name, tt.header, got, tt.value)
			}
		}
	}
}

// curl makes one request and returns the head of its answer. After a 101 it would go on reading
// frames, so it is ended there.
func curl(t *testing.T, url string, args ...string) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "curl", append([]string{"-sS", "-i", "-N", "--http1.1", "--max-time", "60", url}, args...)...)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var head []string
	for scan := bufio.NewScanner(stdout); scan.Scan() && scan.Text() != ""; {
		head = append(head, scan.Text())
	}
	cmd.Process.Kill() // it may have ended by itself
	cmd.Wait()
	if len(head) == 0 {
		t.Fatalf("curl %s: no answer", url)
	}
	return head
}

// field returns a header's value, or "".
func field(head []string, name string) string {
	for _, line := range head[1:] {
		n, value, _ := strings.Cut(line, ":")
		if strings.EqualFold(n, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// What docs/protocol.md says about the HTTP doors by hand, by hand.
func TestCurlDoors(t *testing.T) {
	s := harness.Start(t)
	talkByCurl(t, s)
}

// The same over HTTP/2, which curl says that it was.
func TestCurlDoorsOverHTTP2(t *testing.T) {
	s := harness.StartTLS(t)
	talkByCurl(t, s, "-k", "--http2")
	version, err := exec.CommandContext(t.Context(), "curl", "-sk", "--http2", "-o", "/dev/null", "-w", "%{http_version}",
		s.HTTP("/poll?rooms=general:1&wait=1")).Output()
	if err != nil || string(version) != "2" {
		t.Errorf("HTTP/%s, %v", version, err)
	}
}

func talkByCurl(t *testing.T, s *harness.Server, options ...string) {
	t.Helper()
	events := exec.CommandContext(t.Context(), "curl", append(options[:len(options):len(options)], "-sN", s.HTTP("/events?room=general&since=-20"))...)
	out, err := events.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := events.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = events.Process.Kill()
		_ = events.Wait()
	}()
	lines := bufio.NewScanner(out)
	seek := func(prefix string) string {
		t.Helper()
		for lines.Scan() {
			if strings.HasPrefix(lines.Text(), prefix) {
				return lines.Text()
			}
		}
		t.Fatalf("the stream ended before %q: %v", prefix, lines.Err())
		return ""
	}
	seek(`data: {"type":"welcome"`)
	seek(`data: {"type":"presence","room":"general","whole":true`)
	by := func(args ...string) string {
		t.Helper()
		text, err := exec.CommandContext(t.Context(), "curl", append(append([]string{"-sS"}, options...), args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if got := by("-d", `{"type":"send","room":"general","body":"hello"}`, s.HTTP("/send")); !strings.HasPrefix(got, `{"type":"ok","room":"general","seq":1,`) {
		t.Errorf("the send was answered by %s", got)
	}
	if id := seek("id: general:1:"); id == "" || !strings.Contains(seek("data: "), `"body":"hello"`) {
		t.Errorf("another message follows %s", id)
	}
	if got := by(s.HTTP("/poll?rooms=general:0")); !strings.HasPrefix(got, `{"rooms":"general:1:`) || !strings.Contains(got, `"body":"hello"`) {
		t.Errorf("the poll was answered by %s", got)
	}
	if got := by("--compressed", "-d", `[{"type":"history","room":"general"},{"type":"ping"}]`, s.HTTP("/send")); !strings.HasPrefix(got, `[{"type":"ok"`) || !strings.HasSuffix(got, `{"type":"pong"}]`+"\n") {
		t.Errorf("the array was answered by %s", got)
	}
}
