package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/store/storetest"
)

func open(t testing.TB, dir string) *Store {
	t.Helper()
	s, err := Open(filepath.Join(dir, "veche.db"), &Options{Queue: 4096})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		Open:    func(t testing.TB, dir string) hub.Store { return open(t, dir) },
		Durable: true,
		Queue:   4096,
	})
}
