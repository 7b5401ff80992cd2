package web

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// ask sends one request to the handler; headers come as name, value, name, value …
func ask(t *testing.T, method, path string, headers ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	Handler().ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, res *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var reference = regexp.MustCompile(`(?:src|href)="\./([^"]+)"`)

// references returns the paths of the files that the page asks for.
func references(t *testing.T) []string {
	t.Helper()
	var paths []string
	for _, m := range reference.FindAllStringSubmatch(body(t, ask(t, "GET", "/")), -1) {
		paths = append(paths, "/"+m[1])
	}
	if len(paths) < 3 {
		t.Fatalf("the page refers to %q; want at least a script, a stylesheet and an icon", paths)
	}
	return paths
}

func TestPage(t *testing.T) {
	res := ask(t, "GET", "/")
	if res.StatusCode != http.StatusOK {
		t.Fatalf("status %d", res.StatusCode)
	}
	for name, want := range map[string]string{
		"Content-Type":           "text/html; charset=utf-8",
		"Cache-Control":          "private, no-cache",
		"X-Content-Type-Options": "nosniff",
		"Referrer-Policy":        "no-referrer",
		"Vary":                   "Accept-Encoding",
	} {
		if got := res.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	page := body(t, res)
	for _, inline := range []string{"<style", "style=", "<script>", " on"} {
		if strings.Contains(page, inline) {
			t.Errorf("the page contains %q, which its policy forbids", inline)
		}
	}
}

func TestPolicy(t *testing.T) {
	for _, path := range append(references(t), "/", "/none") {
		policy := ask(t, "GET", path).Header.Get("Content-Security-Policy")
		for _, directive := range []string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
			"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'",
		} {
			if !strings.Contains(policy+";", directive+";") {
				t.Errorf("%s: no %s", path, directive)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy allows something unsafe: %s", path, policy)
		}
	}
}

func TestAssetsAreImmutable(t *testing.T) {
	for _, path := range references(t) {
		res := ask(t, "GET", path)
		if res.StatusCode != http.StatusOK || res.Header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
			t.Errorf("%s: %d, %q", path, res.StatusCode, res.Header.Get("Cache-Control"))
		}
		if res.Header.Get("Content-Type") == "" {
			t.Errorf("%s has no content type", path)
		}
	}
}

func TestNotModified(t *testing.T) {
	for _, encoding := range []string{"identity", "gzip"} {
		first := ask(t, "GET", "/", "Accept-Encoding", encoding)
		again := ask(t, "GET", "/", "Accept-Encoding", encoding, "If-None-Match", first.Header.Get("ETag"))
		if again.StatusCode != http.StatusNotModified || body(t, again) != "" {
			t.Errorf("%s: status %d for a known ETag", encoding, again.StatusCode)
		}
		if other := ask(t, "GET", "/", "If-None-Match", `"other"`); other.StatusCode != http.StatusOK {
			t.Errorf("%s: status %d for another ETag", encoding, other.StatusCode)
		}
	}
}

func TestGzip(t *testing.T) {
	plain := body(t, ask(t, "GET", "/"))
	for accept, want := range map[string]string{
		"gzip": "gzip", "br, GZIP;q=0.5": "gzip", "gzip;q=1": "gzip", "gzip;": "gzip",
		"": "", "br": "", "gzip;q=0": "", "gzip; q=0.000": "", "xgzip": "",
	} {
		res := ask(t, "GET", "/", "Accept-Encoding", accept)
		if got := res.Header.Get("Content-Encoding"); got != want {
			t.Errorf("Accept-Encoding %q: Content-Encoding %q, want %q", accept, got, want)
			continue
		}
		if want == "" {
			continue
		}
		z, err := gzip.NewReader(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(z); err != nil || string(b) != plain {
			t.Errorf("Accept-Encoding %q: another page (%v)", accept, err)
		}
	}
}

func TestHead(t *testing.T) {
	res := ask(t, "HEAD", "/")
	if res.StatusCode != http.StatusOK || res.Header.Get("ETag") == "" || body(t, res) != "" {
		t.Errorf("HEAD /: %d, ETag %q", res.StatusCode, res.Header.Get("ETag"))
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		method, path string
		want         int
	}{
		{"GET", "/assets", 404},
		{"GET", "/assets/", 404},
		{"GET", "/embed.go", 404},
		{"GET", "/../embed.go", 404},
		{"GET", "/assets/../index.html", 404},
		{"GET", "/package.json", 404},
		{"GET", "/general", 404},
		{"POST", "/", 405},
		{"DELETE", "/index.html", 405},
		{"OPTIONS", "/", 405},
	} {
		res := ask(t, c.method, c.path)
		if res.StatusCode != c.want {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, res.StatusCode, c.want)
		}
		if c.want == 405 && res.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow %q", c.method, c.path, res.Header.Get("Allow"))
		}
	}
}

// What a first visit loads stays small: the page, its script, its stylesheet, its icon.
func TestSize(t *testing.T) {
	const most = 56 << 10
	sum := 0
	for _, path := range append(references(t), "/") {
		sum += len(body(t, ask(t, "GET", path, "Accept-Encoding", "gzip")))
	}
	if sum > most {
		t.Errorf("a first visit loads %d bytes, more than %d", sum, most)
	}
	t.Logf("a first visit loads %d bytes", sum)
}
