package prove

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"
	"time"
)

// result is one with a fault of each kind and a violation.
func result() *Result {
	r := &Result{
		Options: Options{Seed: 7, Length: time.Minute, Clients: 5, Rate: 10}, Took: 70 * time.Second, Operations: 1234567,
		Visits: map[string]int{"websocket": 3}, seconds: make([]second, 60), Broken: 1,
		Violations: []Violation{{Kind: "lost", What: "<script>alert(1)</script>", At: time.Second, Room: "room-0", Around: []string{"a & b"}}},
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
	for _, want := range []string{"1 violations", "нарушений: 1", "1\u202f234\u202f567", "&lt;script&gt;", "veche prove --seed 7 --minutes 1"} {
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
