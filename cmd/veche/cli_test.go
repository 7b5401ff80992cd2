package main

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/alecthomas/kong"
	"go.uber.org/goleak"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// parse reads a command line as run does, and returns what came of it.
func parse(t *testing.T, args ...string) (cli, error) {
	t.Helper()
	var c cli
	parser, err := kong.New(&c, kong.DefaultEnvars("VECHE"), kong.Configuration(loadConfig))
	if err != nil {
		t.Fatal(err)
	}
	_, err = parser.Parse(args)
	return c, err
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestPrecedence(t *testing.T) {
	file := write(t, "veche.toml", `
listen = "file:1"
drain = "7s"
guests = false
origin = ["https://file.example"]
memory-rooms = ["file-*", "f?"]
max-body = 1000
data = "file-data"
`)
	for _, c := range []struct {
		name string
		env  map[string]string
		args []string
		want string
		read func(*cli) string
	}{
		{"default", nil, nil, "localhost:8080", func(c *cli) string { return c.Serve.Listen }},
		{"file", nil, []string{"--config", file}, "file:1", func(c *cli) string { return c.Serve.Listen }},
		{"file by variable", map[string]string{"VECHE_CONFIG": file}, nil, "file:1", func(c *cli) string { return c.Serve.Listen }},
		{"variable over file", map[string]string{"VECHE_LISTEN": "env:2"}, []string{"--config", file}, "env:2", func(c *cli) string { return c.Serve.Listen }},
		{"flag over variable", map[string]string{"VECHE_LISTEN": "env:2"}, []string{"--config", file, "--listen", "flag:3"}, "flag:3", func(c *cli) string { return c.Serve.Listen }},
		{"flag over file, serve named", nil, []string{"serve", "--listen", "flag:3", "--config", file}, "flag:3", func(c *cli) string { return c.Serve.Listen }},
		{"duration", nil, []string{"--config", file}, "7s", func(c *cli) string { return c.Serve.Drain.String() }},
		{"list from file", nil, []string{"--config", file}, "file-* f?", func(c *cli) string { return strings.Join(c.Serve.MemoryRooms, " ") }},
		{"list from variable", map[string]string{"VECHE_MEMORY_ROOMS": "a,b"}, []string{"--config", file}, "a b", func(c *cli) string { return strings.Join(c.Serve.MemoryRooms, " ") }},
		{"list from flags", nil, []string{"--config", file, "--memory-rooms", "a", "--memory-rooms", "b"}, "a b", func(c *cli) string { return strings.Join(c.Serve.MemoryRooms, " ") }},
		{"list's default", nil, nil, "memory:*", func(c *cli) string { return strings.Join(c.Serve.MemoryRooms, " ") }},
		{"bool", nil, []string{"--config", file}, "no", func(c *cli) string { return yes(c.Serve.Guests) }},
		{"bool by variable", map[string]string{"VECHE_GUESTS": "true"}, []string{"--config", file}, "yes", func(c *cli) string { return yes(c.Serve.Guests) }},
		{"bool by flag", nil, []string{"--no-guests"}, "no", func(c *cli) string { return yes(c.Serve.Guests) }},
		{"bool by flag's value", nil, []string{"--guests=false"}, "no", func(c *cli) string { return yes(c.Serve.Guests) }},
		{"a common flag, for token too", nil, []string{"token", "--user", "u", "--config", file}, "file-data", func(c *cli) string { return c.Data }},
	} {
		t.Run(c.name, func(t *testing.T) {
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			got, err := parse(t, c.args...)
			if err != nil || c.read(&got) != c.want {
				t.Errorf("%q, %v, want %q", c.read(&got), err, c.want)
			}
		})
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

func TestConfigRefused(t *testing.T) {
	for text, words := range map[string]string{
		`lisen = ":1"`:                     "unknown key lisen",
		"user = \"x\"\nhelp = true":        "unknown key help, user",
		`config = "other.toml"`:            "unknown key config",
		`listen = `:                        "configuration file",
		"[listen]\nport = 1":               "listen is neither",
		`drain = 10`:                       "expected duration",
		`max-body = "many"`:                "expected a valid",
		"[server]\nlisten = \":1\"":        "unknown key server",
		`tls-client-auth = "sometimes"`:    "must be one of",
		`log-level = "loud"`:               "log-level",
		"token-secret = \"\\xZZ\"":         "configuration file",
		"listen = \":1\"\nlisten = \":2\"": "listen",
	} {
		_, err := parse(t, "--config", write(t, "veche.toml", text))
		if err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, want %q", text, err, words)
		}
	}
	if _, err := parse(t, "--config", "/does/not/exist"); err == nil {
		t.Error("a file that is not there")
	}
}

// start runs a command line, and returns what it prints and its end.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	r, w := io.Pipe()
	p := &process{t: t, signals: make(chan os.Signal, 2), out: bufio.NewReader(r), code: make(chan int, 1)}
	go func() {
		p.code <- run(args, p.signals, w, &p.err)
		w.Close()
	}()
	return p
}

type process struct {
	t       *testing.T
	signals chan os.Signal
	out     *bufio.Reader
	err     lockedBuffer
	code    chan int
}

func (p *process) line() string {
	p.t.Helper()
	s, err := p.out.ReadString('\n')
	if err != nil {
		p.t.Fatalf("%v; it said: %s", err, &p.err)
	}
	return strings.TrimSuffix(s, "\n")
}

// end reads the rest and wants the exit code.
func (p *process) end(code int) {
	p.t.Helper()
	_, _ = io.Copy(io.Discard, p.out)
	if got := <-p.code; got != code {
		p.t.Errorf("exit code %d, want %d; it said: %s", got, code, &p.err)
	}
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// once runs a command that ends by itself.
func once(t *testing.T, code int, args ...string) (stdout, stderr string) {
	t.Helper()
	p := start(t, args...)
	out, _ := io.ReadAll(p.out)
	p.end(code)
	return string(out), p.err.String()
}

func TestServe(t *testing.T) {
	p := start(t, "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--log-format", "json")
	first := regexp.MustCompile(`^Veche \S+ — open (http://127\.0\.0\.1:\d+)$`).FindStringSubmatch(p.line())
	if first == nil || p.line() != "Вече — откройте "+first[1] {
		t.Fatalf("the first lines are others: %v", first)
	}
	res, err := http.Get(first[1] + "/readyz")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if res.StatusCode != 200 {
		t.Error(res.Status)
	}
	p.signals <- syscall.SIGTERM
	p.end(0)
	if !strings.Contains(p.err.String(), `"msg":"draining"`) {
		t.Error("log:", p.err.String())
	}
}

func TestSecondSignalInsists(t *testing.T) {
	p := start(t, "--listen", "127.0.0.1:0", "--data", t.TempDir())
	url := strings.Fields(p.line())[4]
	p.line()
	// A client that does not read does not answer the close either, so the drain waits for it.
	conn, _, err := ws.Dial(t.Context(), "ws"+strings.TrimPrefix(url, "http")+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	p.signals <- syscall.SIGTERM
	p.signals <- syscall.SIGTERM
	p.end(1)
	if !strings.Contains(p.err.String(), "veche: ended at once, by the second signal") {
		t.Error(p.err.String())
	}
	conn.CloseNow() // so that what was left behind ends too
}

func TestServeRefused(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	inUse := t.TempDir()
	holder := start(t, "--listen", "127.0.0.1:0", "--data", inUse)
	holder.line()
	holder.line()

	for name, c := range map[string]struct {
		args  []string
		code  int
		words string
	}{
		"port":       {[]string{"--listen", taken.Addr().String(), "--data", t.TempDir()}, 1, taken.Addr().String() + " is taken by another program"},
		"data":       {[]string{"--listen", "127.0.0.1:0", "--data", inUse}, 1, inUse + " is in use by another process"},
		"secret":     {[]string{"--listen", "127.0.0.1:0", "--data", t.TempDir(), "--token-secret", "short"}, 1, "at least 16"},
		"no file":    {[]string{"--listen", "127.0.0.1:0", "--token-secret-file", "/does/not/exist"}, 1, "token secret"},
		"half a TLS": {[]string{"--tls-cert", "x"}, 1, "both --tls-cert and --tls-key"},
		"pattern":    {[]string{"--listen", "127.0.0.1:0", "--data", t.TempDir(), "--memory-rooms", "["}, 1, "not a pattern"},
		"origin":     {[]string{"--listen", "127.0.0.1:0", "--data", t.TempDir(), "--origin", "https://["}, 1, "not a pattern of origins"},
		"address":    {[]string{"--listen", "nonsense", "--data", t.TempDir()}, 1, "--listen nonsense"},
		"flag":       {[]string{"--lisen", ":1"}, 2, "unknown flag --lisen"},
		"both":       {[]string{"--token-secret", "a", "--token-secret-file", "b"}, 2, "can't be used together"},
	} {
		_, stderr := once(t, c.code, c.args...)
		if !strings.HasPrefix(stderr, "veche: ") || !strings.Contains(stderr, c.words) || strings.Count(stderr, "\n") > c.code {
			t.Errorf("%s: %q, want %q", name, stderr, c.words)
		}
	}
	holder.signals <- os.Interrupt
	holder.end(0)
}

func TestToken(t *testing.T) {
	secret := "a secret of forty bytes, known to tests."
	file := write(t, "secret", " "+secret+"\n")
	out, _ := once(t, 0, "token", "--user", "u2", "--name", "Anna", "--room", "dev-*", "--room", "a,b", "--expires", "1h", "--token-secret-file", file)
	a, err := auth.New(auth.Config{Key: auth.NewKey(), Secret: []byte(secret)})
	if err != nil {
		t.Fatal(err)
	}
	u, err := a.Token(strings.TrimSpace(out))
	if err != nil || u.ID != "u2" || u.Name != "Anna" || u.Expires.IsZero() || len(u.Claims["rooms"].([]string)) != 3 {
		t.Errorf("%+v, %v", u, err)
	}
	_, stderr := once(t, 1, "token", "--user", "server", "--token-secret", secret)
	if !strings.Contains(stderr, "not one for tokens") {
		t.Error(stderr)
	}
	_, stderr = once(t, 2, "token")
	if !strings.Contains(stderr, "--user") {
		t.Error(stderr)
	}
}

// A token made with the data directory's own key is good at the server there.
func TestTokenOfDataKey(t *testing.T) {
	dir := t.TempDir()
	out, _ := once(t, 0, "token", "--user", "u2", "--expires", "0", "--data", dir)
	key, err := auth.LoadKey(filepath.Join(dir, "key"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := auth.New(auth.Config{Key: key})
	if err != nil {
		t.Fatal(err)
	}
	if u, err := a.Token(strings.TrimSpace(out)); err != nil || u.ID != "u2" || !u.Expires.IsZero() {
		t.Errorf("%+v, %v", u, err)
	}
}

func TestHelpAndVersion(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"token", "--help"}, {"version"}} {
		out, stderr := once(t, 0, args...)
		if !strings.Contains(strings.ToLower(out), "veche") || stderr != "" {
			t.Errorf("%v: %s%s", args, out, stderr)
		}
	}
}

func TestPageURL(t *testing.T) {
	bound := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8080}
	for listen, want := range map[string]string{
		"localhost:8080": "http://localhost:8080",
		"localhost:0":    "http://localhost:8080",
		"127.0.0.1:8080": "http://127.0.0.1:8080",
		"0.0.0.0:8080":   "http://localhost:8080",
		":8080":          "http://localhost:8080",
		"[::]:8080":      "http://localhost:8080",
		"[::1]:8080":     "http://[::1]:8080",
		"chat.test:8080": "http://chat.test:8080",
	} {
		if got := pageURL(listen, bound, false); got != want {
			t.Errorf("%s: %s, want %s", listen, got, want)
		}
	}
	if got := pageURL(":443", bound, true); got != "https://localhost:8080" {
		t.Errorf("with TLS: %s", got)
	}
}
