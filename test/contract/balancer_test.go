package contract

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
)

// Whatever others ask meanwhile, each request of a client reaches another node than the one before.
func TestRoundRobin(t *testing.T) {
	var nodes []string
	for i := range 2 {
		node := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, i) }))
		t.Cleanup(node.Close)
		nodes = append(nodes, node.URL)
	}
	base := RoundRobin(t, nodes...)
	before := make(map[string]string)
	for _, client := range []string{"ann", "bob", "bob", "ann", "ann", "bob", "ann", "bob", "bob"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header = bearer(client)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		node, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(node) == before[client] {
			t.Errorf("%s is at %s again: %v", client, node, err)
		}
		before[client] = string(node)
	}
}
