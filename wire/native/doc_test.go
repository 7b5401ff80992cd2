package native

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// What docs/protocol.md shows is what is spoken.
func TestExamplesOfTheDocument(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	requests, events := 0, 0
	for line := range strings.Lines(string(page)) {
		line = strings.TrimSpace(line)
		if text, ok := strings.CutPrefix(line, "C {"); ok {
			requests++
			if _, err := Decode([]byte("{" + text)); err != nil {
				t.Errorf("%s: %v", line, err)
			}
		}
		if text, ok := strings.CutPrefix(line, "S {"); ok {
			events++
			if !json.Valid([]byte("{" + text)) {
				t.Errorf("no JSON: %s", line)
			}
		}
	}
	if requests < 8 || events < 12 {
		t.Errorf("found only %d requests and %d events", requests, events)
	}
}

// Every code that the hub has is in the document, and closes with a code that is.
func TestCloseCodes(t *testing.T) {
	page, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]uint16{
		"bad_request": 1008, "unauthorized": 4401, "expired": 4401, "forbidden": 4403, "not_joined": 4403,
		"too_large": 1009, "limit": 4429, "busy": 1013, "unavailable": 1013, "drain": 1012,
		"replaced": 4409, "slow": 1013, "closed": 1013, "internal": 1011,
	} {
		_, row, ok := strings.Cut(string(page), "| `"+code+"` | ")
		if !ok {
			t.Errorf("%s is not in the document", code)
		}
		row, _, _ = strings.Cut(row, "\n")
		if got := CloseCode(code, strings.Contains(row, "| yes")); got != want {
			t.Errorf("%s closes with %d, want %d", code, got, want)
		}
	}
	if CloseCode("own", false) != CloseForbidden || CloseCode("own", true) != CloseTryLater {
		t.Error("codes of the application's own")
	}
}
