package sqlite

import (
	"fmt"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
)

// Values whose time is over do not gather, and messages that are trimmed leave the file.
func TestKeptDoesNotGrow(t *testing.T) {
	s := openIn(t, t.TempDir(), nil)
	defer s.Close(t.Context())
	rows := func(table string) (n int) {
		t.Helper()
		if _, _, err := send(s, &hub.Message{Room: "room", From: "ann"}); err != nil {
			t.Fatal(err)
		}
		if err := s.readDB.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i := range 500 {
		s.Keep(fmt.Sprint(i), []byte("x"), time.Now().Add(-time.Second))
	}
	if n := rows("kept"); n > 2 {
		t.Errorf("%d values are there whose time is over", n)
	}
	for range 3 * trimmed / 100 {
		for range 100 {
			s.Append(&hub.Message{Room: "log"}, func(*hub.Message, bool, error) {})
		}
	}
	before := rows("message")
	s.Trim("log", maxSeq, time.Time{})
	if got := before + 1 - rows("message"); got != trimmed {
		t.Errorf("one trim let go of %d messages, want %d", got, trimmed)
	}
}
