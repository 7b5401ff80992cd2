package main

import (
	"fmt"
	"runtime"

	"github.com/vechehq/veche"
)

type versionCmd struct{}

// Run prints the version.
func (versionCmd) Run(w world) error {
	_, err := fmt.Fprintf(w.stdout, "veche %s (%s, %s/%s)\n", veche.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
