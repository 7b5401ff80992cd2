package memory

import (
	"testing"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/store/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, storetest.Driver{
		Open:  func(testing.TB, string) hub.Store { return New(nil) },
		Queue: 1024,
	})
}
