// Control: what scripts of other languages do to the server while they talk to it.

package harness

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"syscall"
)

// Control answers POST /kill, /stop, /restart, /freeze and /thaw on an address of its own, and returns its URL.
// A frozen server has its connections still, and says nothing on them.
func (s *Server) Control() string {
	var mu sync.Mutex
	do := func(f func() error) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			mu.Lock()
			defer mu.Unlock()
			if err := f(); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.WriteHeader(http.StatusNoContent)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kill", do(s.kill))
	mux.HandleFunc("POST /stop", do(s.stop))
	mux.HandleFunc("POST /restart", do(s.restart))
	mux.HandleFunc("POST /freeze", do(func() error { return s.cmd.Process.Signal(syscall.SIGSTOP) }))
	mux.HandleFunc("POST /thaw", do(func() error { return s.cmd.Process.Signal(syscall.SIGCONT) }))
	control := httptest.NewServer(mux)
	s.t.Cleanup(control.Close)
	return control.URL
}
