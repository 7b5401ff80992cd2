// Faults: what can go wrong, and how it is made to.

package prove

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/vechehq/veche/prove/hostile"
)

// track says what a fault strikes; two that strike the same never overlap.
type track int

const (
	onServer track = iota // the process and its disk
	onWay                 // the network and the clients
)

// fault is a row of the table.
type fault struct {
	name      string
	track     track
	en, ru    string
	least     time.Duration // it lasts from least to most
	most      time.Duration
	aftermath time.Duration // about what it takes beyond that
	linux     bool          // elsewhere the system has no such thing
	strike    func(ctx context.Context, w *world, s Strike) error
}

// faults are all that there are. It is filled by init, because what strikes leads back to the table.
var faults []fault

func init() {
	all := []fault{
		{"kill", onServer, "SIGKILL", "SIGKILL", 0, 300 * ms, 300 * ms, false, kill},
		{"freeze", onServer, "SIGSTOP, SIGCONT", "SIGSTOP, SIGCONT", 300 * ms, 2000 * ms, 0, true, freeze},
		{"drain", onServer, "SIGTERM, start", "SIGTERM, запуск", 0, 300 * ms, 1200 * ms, true, drain},
		{"restart", onServer, "restart under load", "перезапуск под нагрузкой", 0, 0, 300 * ms, true, restart},
		{"full-disk", onServer, "disk full", "диск полон", 500 * ms, 2000 * ms, 0, false, fullDisk},
		{"slow-sync", onServer, "slow fsync", "медленный fsync", 500 * ms, 2500 * ms, 0, false, slowSync},
		{"failed-sync", onServer, "fsync fails", "отказ fsync", 200 * ms, 1500 * ms, 0, false, failedSync},
		{"power", onServer, "power cut, torn sectors", "обрыв питания, рваные секторы", 0, 300 * ms, 300 * ms, false, power},
		{"descriptors", onServer, "no descriptors left", "дескрипторы исчерпаны", 500 * ms, 2000 * ms, 0, true, descriptors},
		{"memory", onServer, "little memory", "мало памяти", 1000 * ms, 3000 * ms, 600 * ms, false, memory},

		{"cut", onWay, "connections reset or closed", "соединения сброшены или закрыты", 0, 0, 0, false, cut},
		{"torn", onWay, "cut in the middle of a frame", "обрыв посреди кадра", 200 * ms, 1000 * ms, 0, false, torn},
		{"slow", onWay, "slow network", "медленная сеть", 500 * ms, 3000 * ms, 0, false, slow},
		{"half-open", onWay, "half-open connections", "полуоткрытые соединения", 500 * ms, 3000 * ms, 0, false, halfOpen},
		{"hostile", onWay, "requests lost, refused, replaced", "запросы теряются, отклоняются", 500 * ms, 3000 * ms, 0, false, weather},
		{"duplicate", onWay, "requests sent twice", "запросы посланы дважды", 500 * ms, 3000 * ms, 0, false, duplicate},
		{"clock", onWay, "clients' clocks jump", "скачки часов клиентов", 500 * ms, 3000 * ms, 0, false, clock},
	}
	for _, f := range all {
		if !f.linux || runtime.GOOS == "linux" {
			faults = append(faults, f)
		}
	}
}

const ms = time.Millisecond

// FaultNames are the faults that this system can be struck with.
func FaultNames() (names []string) {
	for _, f := range faults {
		names = append(names, f.name)
	}
	return names
}

func faultNamed(name string) fault {
	for _, f := range faults {
		if f.name == name {
			return f
		}
	}
	panic("prove: no fault " + name) // Options were checked
}

func kill(ctx context.Context, w *world, s Strike) error {
	if err := w.crash(w.server.kill); err != nil {
		return err
	}
	sleep(ctx, s.For)
	return w.server.start()
}

// crash ends the server so that receipts may be lower when it is back.
func (w *world) crash(end func() error) error {
	defer w.crashes.Add(1)
	return end()
}

func freeze(ctx context.Context, w *world, s Strike) error {
	if err := w.server.freeze(); err != nil {
		return err
	}
	sleep(ctx, s.For)
	return w.server.thaw()
}

func drain(ctx context.Context, w *world, s Strike) error {
	if err := w.server.stop(); err != nil {
		return err
	}
	sleep(ctx, s.For)
	return w.server.start()
}

func restart(_ context.Context, w *world, _ Strike) error {
	if err := w.crash(w.server.insist); err != nil { // the second signal waits for nothing
		return err
	}
	return w.server.start()
}

// while does something to the disk, and takes it back after the strike.
func while(ctx context.Context, s Strike, begin, end func() error) error {
	if err := begin(); err != nil {
		return err
	}
	sleep(ctx, s.For)
	return end()
}

// failing is while for what has the server refuse messages.
func failing(ctx context.Context, w *world, s Strike, begin, end func() error) error {
	w.failing.Store(math.MaxInt64)
	defer func() { w.failing.Store(int64(w.now())) }()
	return while(ctx, s, begin, end)
}

// fullDisk leaves room for a few pages, on the file system itself if it is the run's own.
func fullDisk(ctx context.Context, w *world, s Strike) error {
	left := int64(s.Seed % (256 << 10))
	if g := w.server.ground; g != nil {
		return failing(ctx, w, s, func() error { return g.fill(left) }, g.empty)
	}
	return failing(ctx, w, s, w.server.commands("room %d", left), w.server.commands("room -1"))
}

func slowSync(ctx context.Context, w *world, s Strike) error {
	return while(ctx, s, w.server.commands("delay %dms", 20+s.Seed%300), w.server.commands("delay 0s"))
}

func failedSync(ctx context.Context, w *world, s Strike) error {
	return failing(ctx, w, s, w.server.commands("fail on"), w.server.commands("fail off"))
}

func power(ctx context.Context, w *world, s Strike) error {
	if err := w.crash(func() error { return w.server.cutPower(s.Seed) }); err != nil {
		return err
	}
	sleep(ctx, s.For)
	return w.server.start()
}

func descriptors(ctx context.Context, w *world, s Strike) error {
	back, err := w.server.fewDescriptors()
	if err != nil {
		return err
	}
	w.net.CutAll() // so that all come back at once, to a server that cannot take them
	sleep(ctx, s.For)
	return back()
}

func memory(ctx context.Context, w *world, s Strike) error {
	if err := w.crash(w.server.kill); err != nil {
		return err
	}
	if err := w.server.start("GOMEMLIMIT=24MiB"); err != nil {
		return err
	}
	sleep(ctx, s.For)
	if err := w.crash(w.server.kill); err != nil {
		return err
	}
	return w.server.start()
}

func cut(_ context.Context, w *world, s Strike) error {
	switch s.Seed % 3 {
	case 0:
		w.net.CutAll()
	case 1:
		w.net.HangUp()
	default:
		w.net.Strike(s.Seed, 0.5, hostile.Fault{Act: hostile.Cut})
	}
	return nil
}

func torn(ctx context.Context, w *world, s Strike) error {
	acts := []hostile.Act{hostile.Cut, hostile.CutUp}
	w.net.Strike(s.Seed, 0.6, hostile.Fault{Act: acts[s.Seed%2], After: int(1 + s.Seed>>8%4000)})
	sleep(ctx, s.For)
	return nil
}

func slow(ctx context.Context, w *world, s Strike) error {
	w.net.Strike(s.Seed, 0.6, hostile.Fault{Act: hostile.Pass, Delay: time.Duration(5+s.Seed>>8%80) * ms})
	sleep(ctx, s.For)
	w.net.Relieve()
	return nil
}

func halfOpen(ctx context.Context, w *world, s Strike) error {
	w.net.Strike(s.Seed, 0.5, hostile.Fault{Act: hostile.Swallow, After: int(s.Seed >> 8 % 2000), Hold: s.For})
	sleep(ctx, s.For)
	return nil
}

func weather(ctx context.Context, w *world, s Strike) error {
	plan := hostile.Random(s.Seed)
	w.weather.Store(&plan)
	sleep(ctx, s.For)
	w.weather.Store(nil)
	return nil
}

func duplicate(ctx context.Context, w *world, s Strike) error {
	w.twice.Store(true)
	sleep(ctx, s.For)
	w.twice.Store(false)
	return nil
}

// clock lets the clocks of half of the clients jump, by up to two years back or forth.
func clock(ctx context.Context, w *world, s Strike) error {
	r := rand.New(rand.NewPCG(s.Seed, 0))
	const years = 2 * 365 * 24 * time.Hour
	for _, c := range w.clients {
		if r.IntN(2) == 0 {
			c.skew.Store(int64(between(r, -years, years)))
		}
	}
	sleep(ctx, s.For)
	for _, c := range w.clients {
		c.skew.Store(0)
	}
	return nil
}

// sleep waits, or until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
