// A load balancer without stickiness.

package contract

import (
	"bytes"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"
)

// RoundRobin returns the URL of a balancer that sends each request of a client to another node than the
// one before.
func RoundRobin(t testing.TB, nodes ...string) string {
	var proxies []http.Handler
	for _, node := range nodes {
		u, err := url.Parse(node)
		if err != nil {
			t.Fatal(err)
		}
		proxies = append(proxies, &httputil.ReverseProxy{
			Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(u) },
			FlushInterval: -1,
			ErrorLog:      log.New(io.Discard, "", 0), // clients leave
		})
	}
	var mu sync.Mutex
	turns := make(map[string]int)
	next := func(client string) http.Handler {
		mu.Lock()
		defer mu.Unlock()
		turns[client]++
		return proxies[turns[client]%len(proxies)]
	}
	balancer := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// A body that is still being read when the answer begins is closed by net/http, and httputil's proxy
		// then cuts the answer.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next(r.Header.Get("Authorization")).ServeHTTP(w, r)
	}))
	t.Cleanup(balancer.Close)
	return balancer.URL
}
