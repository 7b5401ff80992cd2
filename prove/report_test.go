package prove

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
)

// result is one with a fault of each kind and a violation.
func result() *Result {
	r := &Result{
		Options: Options{Seed: 7, Length: time.Minute, Clients: 5, Rate: 10, Faults: []string{"kill"}, Doors: DoorNames(), Tmpfs: 5 << 20}, Took: 70 * time.Second, Operations: 1234567,
		Visits: map[string]int{"websocket": 3}, seconds: make([]second, 60), Broken: 1,
		Violations: []*Violation{{Kind: "lost", What: "<script>alert(1)</script>", At: time.Second, Room: "room-0", Before: []string{"a & b"}, After: []string{"c"}}},
	}
	for i, f := range faults {
		at := time.Duration(i) * time.Second
		r.Struck = append(r.Struck, Struck{Strike: Strike{Fault: f.name}, Begin: at, End: at + time.Second/2})
	}
	return r
}

func TestReport(t *testing.T) {
	var page bytes.Buffer
	if err := result().Report(&page); err != nil {
		t.Fatal(err)
	}
	text := page.String()
	for _, want := range []string{"1 violation ", "нарушений: 1", "1\u202f234\u202f567", "&lt;script&gt;", "veche prove --seed 7 --minutes 1 --clients 5 --rate 10 --faults kill --tmpfs 5<", "подтверждённое пропало", "a &amp; b\n", "\nc\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not have %q", want)
		}
	}
	for _, never := range []string{"<script", "http://", "https://"} {
		if strings.Contains(text, never) {
			t.Errorf("the page has %q", never)
		}
	}
}

func TestPictureIsXML(t *testing.T) {
	picture := xml.NewDecoder(strings.NewReader(result().picture()))
	for {
		if _, err := picture.Token(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

// Each kind of violation has its row among the promises and its words in Russian.
func TestEveryKindIsTold(t *testing.T) {
	for kind := range inRussian {
		r := result()
		r.Violations[0].Kind = kind
		broken := 0
		for _, p := range r.promises() {
			broken += p.Broken
		}
		if broken != 1 {
			t.Errorf("%s is in %d rows", kind, broken)
		}
	}
	if n := len(inRussian); n != 16 {
		t.Errorf("%d kinds have words", n)
	}
}

// A violation is told with what happened before it and after it, in its room.
func TestEventsAroundAViolation(t *testing.T) {
	w := quiet(10)
	r := w.rooms[0]
	for n := range 2 * toldBefore {
		r.note(1, "before", n, 0)
	}
	w.violate("lost", r, "it is gone")
	w.rooms[1].note(6, "elsewhere", 0, 0)
	for n := range 2 * toldAfter {
		r.note(1, "after", n, 0)
	}
	list, _ := w.all()
	v := list[0]
	if len(v.Before) != toldBefore || !strings.HasSuffix(v.Before[toldBefore-1], fmt.Sprint("before message ", 2*toldBefore-1)) {
		t.Errorf("before: %q", v.Before)
	}
	if len(v.After) != toldAfter || !strings.HasSuffix(v.After[toldAfter-1], fmt.Sprint("after message ", toldAfter-1)) || len(r.told) > 0 {
		t.Errorf("after: %q", v.After)
	}
}
