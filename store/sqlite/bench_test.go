package sqlite

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
)

// BenchmarkAppend measures durable messages: senders in one room or in as many rooms, each with so
// many messages in flight, each waiting for an answer before it sends another.
func BenchmarkAppend(b *testing.B) {
	for _, load := range []struct{ senders, rooms, flight int }{
		{1, 1, 1}, {1, 1, 64}, {10, 10, 8}, {100, 1, 1}, {100, 100, 1}, {100, 1, 8}, {100, 100, 8}, {100, 100, 16},
	} {
		b.Run(fmt.Sprintf("senders=%d/rooms=%d/flight=%d", load.senders, load.rooms, load.flight), func(b *testing.B) {
			benchmarkAppend(b, load.senders, load.rooms, load.flight)
		})
	}
}

func benchmarkAppend(b *testing.B, senders, rooms, flight int) {
	s, err := Open(b.TempDir()+"/veche.db", nil)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close(b.Context())
	body := hub.Body{Data: []byte(`{"text":"` + strings.Repeat("x", 100) + `"}`)}
	took := make([][]time.Duration, senders)

	b.ResetTimer()
	var wg sync.WaitGroup
	for i := range senders {
		n := b.N / senders
		if i < b.N%senders {
			n++
		}
		wg.Go(func() { took[i] = sendMany(b, s, fmt.Sprint("room", i%rooms), fmt.Sprint("user", i), body, n, flight) })
	}
	wg.Wait()
	b.StopTimer()

	all := slices.Sorted(slices.Values(slices.Concat(took...)))
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "rows/s")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, "max-ms")
}

func sendMany(b *testing.B, s *Store, room, from string, body hub.Body, n, flight int) (took []time.Duration) {
	slots := make(chan struct{}, flight)
	var wg sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		wg.Add(1)
		sent := time.Now()
		s.Append(&hub.Message{Room: room, From: from, Name: "Someone", CID: cid(sent, i), Body: body},
			func(_ *hub.Message, dup bool, err error) {
				if err != nil || dup {
					b.Errorf("dup %v, err %v", dup, err)
				}
				took = append(took, time.Since(sent)) // in one goroutine, the store's
				wg.Done()
				<-slots
			})
	}
	wg.Wait()
	return took
}

// cid begins with the time, as clients' do.
func cid(at time.Time, i int) string { return fmt.Sprintf("%011x-%d", at.UnixMilli(), i) }
