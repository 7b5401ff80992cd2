package veche

import (
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	dep := []*debug.Module{{Path: "example.org/other", Version: "v9.9.9"}, {Path: module, Version: "v1.2.3"}}
	for want, info := range map[string]*debug.BuildInfo{
		"v1.2.4":             {Main: debug.Module{Path: module, Version: "v1.2.4"}, Deps: dep},
		"v1.2.3":             {Main: debug.Module{Path: "example.org/app", Version: "v7.0.0"}, Deps: dep},
		"dev":                {Main: debug.Module{Path: module, Version: "(devel)"}},
		"dev-abcdef012345":   {Main: debug.Module{Path: module, Version: "v0.0.0-20261122090000-abcdef012345"}},
		"dev-abcdef+dirty":   {Main: debug.Module{Path: module, Version: "v0.0.0-20261122090000-abcdef+dirty"}},
		"v1.2.4-0.2026-abcd": {Main: debug.Module{Path: module, Version: "v1.2.4-0.2026-abcd"}},
	} {
		if got := versionOf(info); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
