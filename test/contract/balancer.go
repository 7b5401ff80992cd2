// A load balancer without stickiness.

package contract

import (
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
		next(r.Header.Get("Authorization")).ServeHTTP(w, r)
	}))
	t.Cleanup(balancer.Close)
	return balancer.URL
}
