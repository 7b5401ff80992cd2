package auth

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
)

func TestLoadKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	first, err := LoadKey(path)
	if err != nil || len(first) != KeySize {
		t.Fatal(first, err)
	}
	again, err := LoadKey(path)
	if err != nil || !bytes.Equal(first, again) {
		t.Error("another key the second time:", err)
	}
	info, err := os.Stat(path)
	if err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Error(info.Mode(), err)
	}
	if files, _ := os.ReadDir(filepath.Dir(path)); len(files) != 1 {
		t.Error("files were left behind:", files)
	}
}

func TestLoadKeyTogether(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	keys := make([][]byte, 8)
	var wg sync.WaitGroup
	for i := range keys {
		wg.Go(func() { keys[i], _ = LoadKey(path) })
	}
	wg.Wait()
	for _, k := range keys {
		if len(k) != KeySize || !bytes.Equal(k, keys[0]) {
			t.Fatalf("%x and %x", k, keys[0])
		}
	}
}

func TestLoadKeyRefused(t *testing.T) {
	whole := strings.Repeat("ab", KeySize)
	for name, c := range map[string]struct {
		text  string
		mode  os.FileMode
		words string
	}{
		"empty":         {"", 0o600, "damaged"},
		"cut":           {whole[:40], 0o600, "damaged"},
		"not hex":       {strings.Repeat("xy", KeySize), 0o600, "damaged"},
		"open to all":   {whole, 0o644, "chmod 600"},
		"open to group": {whole, 0o660, ""},
	} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(c.text), c.mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil { // whatever the umask
			t.Fatal(err)
		}
		_, err := LoadKey(path)
		switch {
		case c.words == "" && err != nil:
			t.Errorf("%s: %v", name, err)
		case c.words != "" && (err == nil || !strings.Contains(err.Error(), c.words)):
			t.Errorf("%s: %v, want %q", name, err, c.words)
		}
	}
	if _, err := LoadKey(filepath.Join(t.TempDir(), "no", "key")); err == nil {
		t.Error("a key in no directory")
	}
}
