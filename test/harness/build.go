// What is built: each binary once, when a test first needs it.

package harness

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// built is the directory of the binaries, set by Main.
var built string

var (
	veche = sync.OnceValues(func() (string, error) { return build("veche", ".", "./cmd/veche") })
	echo  = sync.OnceValues(func() (string, error) { return build("echo", "bench", "./echo") })
)

// Main runs the tests and returns their exit code; a package's TestMain calls it.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "veche-test-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	built = dir
	return m.Run()
}

// build builds a command of the module in a directory of the repository.
func build(name, module, command string) (string, error) {
	binary := filepath.Join(built, name)
	cmd := exec.Command("go", "build", "-o", binary, command)
	cmd.Dir = filepath.Join(root(), module)
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build %s: %w\n%s", command, err, out)
	}
	return binary, nil
}

// root returns the repository's top directory.
func root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}
