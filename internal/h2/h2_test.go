//lint:file-ignore SA1019 the transport of net/http, which is named instead, refuses to send ":protocol"

package h2

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/net/http2"
)

// connect asks a server for a protocol inside of a stream, and returns the answer.
func connect(t *testing.T, srv *httptest.Server) (*http.Response, error) {
	t.Helper()
	trust := srv.Client().Transport.(*http.Transport).TLSClientConfig
	tr := &http2.Transport{TLSClientConfig: &tls.Config{RootCAs: trust.RootCAs}}
	t.Cleanup(tr.CloseIdleConnections)
	said, say := io.Pipe()
	t.Cleanup(func() { _ = say.Close() })
	req, err := http.NewRequestWithContext(t.Context(), http.MethodConnect, srv.URL+"/path", said)
	if err != nil {
		t.Fatal(err)
	}
	req.Header[":protocol"] = []string{"test"}
	return tr.RoundTrip(req)
}

func start(t *testing.T, extend bool) *httptest.Server {
	t.Helper()
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Asked", r.Method+" "+r.URL.Path+" "+r.Header.Get(":protocol")+" "+r.Proto)
	}))
	srv.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	if extend {
		if err := ExtendConnect(srv.Config); err != nil {
			t.Fatal(err)
		}
	} else {
		srv.EnableHTTP2 = true
	}
	srv.StartTLS()
	t.Cleanup(srv.Close)
	return srv
}

// TestOneServerAndNotAnother: what one server takes, net/http's others of the process do not even
// advertise. It fails where xconnect is initialized too late, or too early.
func TestOneServerAndNotAnother(t *testing.T) {
	res, err := connect(t, start(t, true))
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if got := res.Header.Get("X-Asked"); got != "CONNECT /path test HTTP/2.0" {
		t.Errorf("the handler was asked %q", got)
	}
	if _, err := connect(t, start(t, false)); err == nil || !strings.Contains(err.Error(), "not supported by peer") {
		t.Errorf("net/http's own: %v", err)
	}
}

// TestEnvironment: it is left as it was found, and obeyed.
func TestEnvironment(t *testing.T) {
	if role := os.Getenv("H2_TEST"); role != "" {
		if got := os.Getenv("GODEBUG"); got != role {
			t.Errorf("GODEBUG is %q, was %q", got, role)
		}
		_, err := connect(t, start(t, true))
		if off := strings.Contains(role, "http2xconnect=0"); off != (err != nil) {
			t.Errorf("with GODEBUG=%s: %v", role, err)
		}
		return
	}
	for _, value := range []string{"http2xconnect=0", "panicnil=0", "panicnil=0,http2xconnect=0"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestEnvironment$")
		cmd.Env = append(os.Environ(), "H2_TEST="+value, "GODEBUG="+value)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", value, err, out)
		}
	}
}
