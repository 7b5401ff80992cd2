package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"

	"github.com/pressly/goose/v3"
)

//go:embed migrations/*.sql
var migrations embed.FS

// Open opens the database at path, and creates it (mode 0600) and its directory (0700) if need be.
// The files path-wal, path-shm and path-lock belong to it. nil options are the defaults.
func Open(path string, o *Options) (_ *Store, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("sqlite: %w", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()

	s := &Store{options: o.withDefaults()}
	defer func() {
		if err != nil {
			s.closeFiles()
			if !errors.Is(err, ErrLocked) {
				err = fmt.Errorf("sqlite: open %s: %w", path, err)
			}
		}
	}()
	if err := createDir(filepath.Dir(path)); err != nil {
		return nil, err
	}
	if s.lock, err = lockFile(ctx, path); err != nil {
		return nil, err
	}
	if err := createFile(path); err != nil {
		return nil, err
	}
	if err := s.openWriter(ctx, path); err != nil {
		return nil, err
	}
	if err := s.openReaders(ctx, path); err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Dir(path)); err != nil { // now that the log file is there too
		return nil, err
	}
	if s.checkpointer, err = newCheckpointer(path, &s.options); err != nil {
		return nil, err
	}
	s.start()
	return s, nil
}

func (s *Store) openWriter(ctx context.Context, path string) (err error) {
	s.writeDB, err = sql.Open("sqlite", dsn(path, s.options.VFS,
		fmt.Sprintf("page_size(%d)", pageSize),
		"journal_mode(wal)",
		"synchronous(full)",
		fmt.Sprintf("busy_timeout(%d)", lockPatience),
		"wal_autocheckpoint(0)", // see checkpointer
		fmt.Sprintf("journal_size_limit(%d)", walLimit),
		fmt.Sprintf("cache_size(-%d)", pageCache),
	))
	if err != nil {
		return err
	}
	s.writeDB.SetMaxOpenConns(1)
	if err := migrate(ctx, s.writeDB); err != nil {
		return err
	}
	if err := s.writeDB.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'epoch'").Scan(&s.epoch); err != nil {
		return err
	}
	s.writer, err = newWriter(ctx, s)
	return err
}

func (s *Store) openReaders(ctx context.Context, path string) (err error) {
	s.readDB, err = sql.Open("sqlite", dsn(path, s.options.VFS,
		fmt.Sprintf("busy_timeout(%d)", lockPatience), "query_only(1)"))
	if err != nil {
		return err
	}
	s.readDB.SetMaxOpenConns(s.options.Readers)
	s.readDB.SetMaxIdleConns(s.options.Readers)
	return s.queries.prepare(ctx, s.readDB)
}

func migrate(ctx context.Context, db *sql.DB) error {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return err
	}
	p, err := goose.NewProvider(goose.DialectSQLite3, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return err
	}
	_, err = p.Up(ctx)
	return err
}

// dsn names a database; vfs is empty for the system's.
func dsn(path, vfs string, pragmas ...string) string {
	query := url.Values{"_pragma": pragmas}
	if vfs != "" {
		query.Set("vfs", vfs)
	}
	u := url.URL{Scheme: "file", Path: filepath.ToSlash(path), RawQuery: query.Encode()}
	return u.String()
}

// createDir makes the directory and those above it, and lets their names reach the disk.
func createDir(dir string) error {
	if info, err := os.Stat(dir); err == nil && info.IsDir() {
		return nil
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := createDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	return syncDir(parent)
}

// createFile makes an empty file that only we may read, before SQLite makes one that others may read
// too; it gives its other files the same mode. A file that is there is not even opened: POSIX lets go
// of all of a process's locks on a file when the process closes it anywhere.
func createFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return f.Close()
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // which has no such thing
		return nil
	}
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
