package faultdisk

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Disk is the process's failing disk. It is safe for concurrent use.
type Disk struct {
	mu    sync.Mutex // guards what follows, and held while a file is changed
	files map[string]*file
	open  map[uintptr]*handle // by SQLite's address of the file
	room  int64               // bytes that files may still grow by; negative: no bound
	delay time.Duration       // of a sync
	fails bool                // a sync fails, and does nothing
	lies  bool                // a sync succeeds, and does nothing
	off   bool                // the power is cut: nothing reaches the disk any more
}

// DelaySync lets each sync take so much longer.
func (d *Disk) DelaySync(by time.Duration) { d.set(func() { d.delay = by }) }

// FailSync has each sync fail with an I/O error. What it should have written stays unsynced.
func (d *Disk) FailSync(on bool) { d.set(func() { d.fails = on }) }

// LieAboutSync has each sync report success and do nothing.
func (d *Disk) LieAboutSync(on bool) { d.set(func() { d.lies = on }) }

// Room bounds by how many bytes files may still grow before the disk is full; negative means no bound.
func (d *Disk) Room(bytes int64) { d.set(func() { d.room = bytes }) }

func (d *Disk) set(f func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	f()
}

// Cut cuts the power: of what is unsynced a part that seed chooses reaches the disk, sectors in any
// order. From then on every call fails; the process should end.
func (d *Disk) Cut(seed uint64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.off {
		return
	}
	r := rand.New(rand.NewPCG(seed, 0))
	for _, h := range d.open {
		h.file.tear(h.disk(), r)
	}
	d.off = true
}

// Commands that Obey understands, a line each:
//
//	delay DURATION   DelaySync
//	fail on|off      FailSync
//	lie on|off       LieAboutSync
//	room BYTES       Room
//	cut SEED         Cut, after which the process ends with exit code 9
//
// Obey reads commands until the end of r and answers each with a line: "ok" or "error: …".
func (d *Disk) Obey(r io.Reader, w io.Writer) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if err := d.command(lines.Text()); err != nil {
			fmt.Fprintln(w, "error:", err)
		} else {
			fmt.Fprintln(w, "ok")
		}
	}
}

// exit is what ends the process after a cut.
var exit = func() { os.Exit(9) }

func (d *Disk) command(line string) error {
	name, value, _ := strings.Cut(line, " ")
	switch name {
	case "delay":
		by, err := time.ParseDuration(value)
		if err == nil {
			d.DelaySync(by)
		}
		return err
	case "room":
		n, err := strconv.ParseInt(value, 10, 64)
		if err == nil {
			d.Room(n)
		}
		return err
	case "cut":
		seed, err := strconv.ParseUint(value, 10, 64)
		if err == nil {
			d.Cut(seed)
			exit()
		}
		return err
	}
	return d.toggle(name, value)
}

func (d *Disk) toggle(name, value string) error {
	if value != "on" && value != "off" {
		return errors.New("unknown command")
	}
	switch name {
	case "fail":
		d.FailSync(value == "on")
	case "lie":
		d.LieAboutSync(value == "on")
	default:
		return errors.New("unknown command")
	}
	return nil
}
