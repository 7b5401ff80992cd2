package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/store/sqlite"
	"github.com/vechehq/veche/store/sqlite/faultdisk"
)

// withFaultDisk puts the rooms on a disk that fails when standard input says so, for "veche prove". The store that it
// opens is to be closed after the server.
func withFaultDisk(config *veche.Config, log *slog.Logger, answers io.Writer) (closeStore func() error, err error) {
	disk, err := faultdisk.Attach()
	if err != nil {
		return nil, err
	}
	if config.Key, err = dataKey(config.Data); err != nil {
		return nil, err
	}
	store, err := sqlite.Open(filepath.Join(config.Data, "veche.db"), &sqlite.Options{VFS: faultdisk.Name, Log: log})
	if err != nil {
		return nil, err
	}
	config.Store = store
	go disk.Obey(os.Stdin, answers) // until the process ends
	return func() error { return store.Close(context.Background()) }, nil
}
