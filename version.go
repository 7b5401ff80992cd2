package veche

import (
	"runtime/debug"
	"strings"
	"sync"
)

const module = "github.com/vechehq/veche"

// Version returns this module's version as the build recorded it: "v1.2.3", or "dev" with the commit
// if that is known.
var Version = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	return versionOf(info)
})

func versionOf(info *debug.BuildInfo) string {
	version := info.Main.Version
	if info.Main.Path != module {
		for _, d := range info.Deps {
			if d.Path == module {
				version = d.Version
			}
		}
	}
	if version == "" || version == "(devel)" {
		return "dev"
	}
	// A pseudo-version, v0.0.0-TIME-COMMIT with or without "+dirty", says the commit.
	if rest, ok := strings.CutPrefix(version, "v0.0.0-"); ok {
		return "dev-" + rest[strings.LastIndexByte(rest, '-')+1:]
	}
	return version
}
