package archtest

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Files differ per system, and so may imports.
var systems = []string{"linux", "darwin", "windows"}

func TestTheHouseObeysTheLaw(t *testing.T) {
	for _, goos := range systems {
		t.Run(goos, func(t *testing.T) {
			ps := list(t, "../..", goos)
			if len(ps) < 2 {
				t.Fatalf("go list found %d packages", len(ps))
			}
			for _, breach := range judge(law, ps) {
				t.Error(breach)
			}
		})
	}
}

// A law that allows what it forbids, or points up, would pass anything.
func TestTheLawItself(t *testing.T) {
	for _, c := range law {
		if c.rest == "" {
			t.Errorf("%s: no reason for what is forbidden", c.pkg)
		}
		for _, e := range c.never {
			if e.why == "" {
				t.Errorf("%s → %s: no reason", c.pkg, e.to)
			}
		}
		for _, to := range c.may {
			if d := clauseOf(law, to); d == nil {
				t.Errorf("%s → %s: nothing is there", c.pkg, to)
			} else if d.floor >= c.floor {
				t.Errorf("%s (floor %d) → %s (floor %d): no arrow runs up", c.pkg, c.floor, to, d.floor)
			}
		}
	}
}

func TestAPlantedEdgeIsFound(t *testing.T) {
	tests := []struct {
		from, to string
		want     string // part of the reason; empty when the edge is lawful
	}{
		{"hub", "context", ""},
		{"hub", Module + "/ws", "how a message travels"},
		{"hub", "net/http", "no sockets"},
		{"hub", "github.com/google/uuid", "standard library alone"},
		{"ws", "golang.org/x/sys/unix", ""},
		{"ws", Module + "/ws/internal/flate", ""},
		{"ws", "github.com/klauspost/compress/flate", "takes nothing else"},
		{"ws/internal/flate", "golang.org/x/sys/cpu", "the standard library beneath it"},
		{"ws/internal/simd", "golang.org/x/sys/cpu", ""},
		{"ws/internal/simd", "golang.org/x/sys/unix", "nothing but bytes"},
		{"wire/native", "encoding/json", ""},
		{"wire/native", "net", "never touches a socket"},
		{"wire/native", Module + "/wire/engineio", "each protocol is one idea"},
		{"store/sqlite", "database/sql", ""},
		{"store/sqlite", "modernc.org/sqlite", ""},
		{"store/sqlite", Module + "/store/memory", "never leans on another"},
		{"store/storetest", "pgregory.net/rapid", ""},
		{"store/sqlite", Module + "/store/sqlite/migrations", ""},
		{"store/memory", "modernc.org/sqlite", "knows the domain only"},
		{"gateway/raw", Module + "/transport", ""},
		{"gateway/raw", Module + "/wire/native", ""},
		{"gateway/mqtt", Module + "/wire/mqtt", ""},
		{"gateway/mqtt", Module + "/wire/native", "its own wire"},
		{"gateway/raw", Module + "/gateway/native", "share the hub and the line"},
		{"gateway/native", Module + "/store/sqlite", "where the Authorizer stands"},
		{".", Module + "/auth", ""},
		{".", Module + "/internal/memnet", ""},
		{".", Module + "/cmd/veche", "no arrow runs up"},
		{"cmd/veche", Module, ""},
		{"cmd/veche", Module + "/gateway/raw", "a program that uses the library"},
		{"cmd/veche", Module + "/store/storetest", "does not ship"},
		{"attic", "context", "does not know this package"},
	}
	for _, tt := range tests {
		p := pkg{ImportPath: filepath.ToSlash(filepath.Join(Module, tt.from)), Name: "x", Doc: "Package x is planted.", Imports: []string{tt.to}}
		got := strings.Join(judge(law, []pkg{p}), "\n")
		switch {
		case tt.want == "" && got != "":
			t.Errorf("%s → %s is lawful, but: %s", tt.from, tt.to, got)
		case !strings.Contains(got, tt.want):
			t.Errorf("%s → %s: got %q, want a reason with %q", tt.from, tt.to, got, tt.want)
		}
	}
}

// From source to verdict: a module with one bad edge, one undocumented package and one test that
// brings its own tools.
func TestAPlantedModuleIsFound(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, "go.mod", "module "+Module+"\n\ngo 1.26.0\n")
	plant(t, dir, "hub/hub.go", "// Package hub is planted.\npackage hub\n\nimport _ \""+Module+"/ws\"\n")
	plant(t, dir, "ws/ws.go", "package ws\n")
	plant(t, dir, "ws/ws_test.go", "package ws\n\nimport _ \"example.com/assert\"\n")

	got := judge(law, list(t, dir, "linux"))
	want := []string{
		"hub (floor 1) imports " + Module + "/ws: ",
		"ws: its tests import example.com/assert: ",
		"ws: its doc does not begin with \"Package ws \"",
	}
	if len(got) != len(want) {
		t.Fatalf("got %d breaches, want %d:\n%s", len(got), len(want), strings.Join(got, "\n"))
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("got  %s\nwant %s…", got[i], want[i])
		}
	}
}

func plant(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// list asks the go command for all packages of the module in dir, as goos would build them.
func list(t *testing.T, dir, goos string) []pkg {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-e", "-json=ImportPath,Name,Doc,Imports,TestImports,XTestImports", "./...")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOWORK=off", "CGO_ENABLED=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var ps []pkg
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p pkg
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return ps
		} else if err != nil {
			t.Fatal(err)
		}
		ps = append(ps, p)
	}
}
