package local

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/bus/bustest"
	"github.com/vechehq/veche/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestBus(t *testing.T) {
	bustest.Run(t, func(t testing.TB, n int) []hub.Bus {
		b := New(nil)
		t.Cleanup(func() {
			if err := b.Close(context.Background()); err != nil {
				t.Error(err)
			}
		})
		buses := make([]hub.Bus, n)
		for i := range buses {
			buses[i] = b
		}
		return buses
	})
}

// TestOverflow fills a stuck subscriber's queue: of signals the first stay, of heads the highest.
func TestOverflow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(&Options{Signals: 2, Rooms: 2})
		release := make(chan struct{})
		var heard []hub.Notice
		b.Subscribe(func(n hub.Notice) {
			<-release
			heard = append(heard, n)
		})
		b.Publish(hub.Notice{Room: "stuck here", Head: 1})
		synctest.Wait()

		signal := &hub.Signal{}
		for _, n := range []hub.Notice{
			{Room: "a", Signal: signal},
			{Room: "a", Head: 5},
			{Room: "b", Signal: signal},
			{Room: "dropped", Signal: signal},
			{Room: "b", Head: 9},
			{Room: "a", Head: 7},
			{Room: "a", Head: 6},
			{Room: "dropped", Head: 1},
		} {
			b.Publish(n)
		}
		close(release)
		synctest.Wait()

		want := []hub.Notice{
			{Room: "stuck here", Head: 1},
			{Room: "a", Signal: signal}, {Room: "a", Head: 7}, {Room: "b", Signal: signal}, {Room: "b", Head: 9},
		}
		if len(heard) != len(want) {
			t.Fatalf("heard %+v, want %+v", heard, want)
		}
		for i := range want {
			if heard[i] != want[i] {
				t.Errorf("notice %d is %+v, want %+v", i, heard[i], want[i])
			}
		}
	})
}

// TestHeadsOfNodes keeps nodes apart: a node that ignores its own must hear the other's.
func TestHeadsOfNodes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(nil)
		release := make(chan struct{})
		heard := map[string]uint64{}
		b.Subscribe(func(n hub.Notice) {
			<-release
			heard[n.Node] = n.Head
		})
		b.Publish(hub.Notice{Node: "first", Room: "room", Head: 1})
		synctest.Wait()
		b.Publish(hub.Notice{Node: "n1", Room: "room", Head: 2})
		b.Publish(hub.Notice{Node: "n2", Room: "room", Head: 3})
		close(release)
		synctest.Wait()
		if heard["n1"] != 2 || heard["n2"] != 3 {
			t.Errorf("heard %v, want n1's 2 and n2's 3", heard)
		}
	})
}

func TestClose(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := New(nil)
		release := make(chan struct{})
		heard := 0
		b.Subscribe(func(hub.Notice) {
			<-release
			heard++
		})
		b.Publish(hub.Notice{Room: "room", Head: 1})

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Close with a stuck subscriber: %v, want %v", err, context.DeadlineExceeded)
		}
		b.Publish(hub.Notice{Room: "room", Head: 2})
		close(release)
		if err := b.Close(t.Context()); err != nil {
			t.Errorf("Close: %v", err)
		}
		if heard != 1 {
			t.Errorf("heard %d notices, want the one that was published before Close", heard)
		}
	})
}
