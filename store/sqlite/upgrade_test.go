package sqlite

import (
	"database/sql"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/pressly/goose/v3"

	"github.com/vechehq/veche/hub"
)

// TestUpgrade opens a database of the first schema, with a log in it.
func TestUpgrade(t *testing.T) {
	dir := t.TempDir()
	firstSchema(t, filepath.Join(dir, "veche.db"), `
		INSERT INTO room (name) VALUES ('room'), ('beside');
		INSERT INTO message (id, at, sender, name, cid, kind, format, type, body) VALUES
			(1 << 36 | 1, 1000, 'ann', '', 'c1', '', 1, '', x'61'),
			(1 << 36 | 2, 1000, 'bob', '', 'c1', '', 1, '', x'62'),
			(1 << 36 | 3, 2000, 'ann', '', '',   '', 1, '', x'63'),
			(1 << 36 | 4, 2000, 'ann', '', '',   '', 1, '', x'64'),
			(2 << 36 | 1, 3000, 'ann', '', 'c1', '', 1, '', x'65')`)
	s := openIn(t, dir, nil)
	defer s.Close(t.Context())
	checkLog(t, s, "room", 4)
	for _, a := range []ack{{"room", "ann", "c1", 1}, {"room", "bob", "c1", 2}, {"beside", "ann", "c1", 1}} {
		m, dup, err := send(s, &hub.Message{Room: a.room, From: a.from, CID: a.cid})
		if err != nil || !dup || m.Seq != a.seq {
			t.Errorf("a retry of %+v: seq %d, dup %v, err %v", a, m.Seq, dup, err)
		}
	}
	if m, dup, err := send(s, &hub.Message{Room: "room", From: "eve", CID: "c1"}); err != nil || dup || m.Seq != 5 {
		t.Errorf("a new message: seq %d, dup %v, err %v", m.Seq, dup, err)
	}
}

func firstSchema(t *testing.T, path, data string) {
	t.Helper()
	db, err := sql.Open("sqlite", dsn(path, ""))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	if _, err := db.Exec(data); err != nil {
		t.Fatal(err)
	}
}
