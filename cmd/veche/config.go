package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/alecthomas/kong"
)

// configFile gives flags the values that a TOML file has for them.
type configFile struct{ values map[string]any }

func loadConfig(r io.Reader) (kong.Resolver, error) {
	f := configFile{values: make(map[string]any)}
	if _, err := toml.NewDecoder(r).Decode(&f.values); err != nil {
		return nil, fmt.Errorf("configuration file: %w", err)
	}
	return f, nil
}

// Validate refuses a key that is no flag, or one that is no setting: those have no variable either.
func (f configFile) Validate(app *kong.Application) error {
	known := make(map[string]bool)
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && len(flag.Envs) > 0 {
			known[flag.Name] = true
		}
		return next(nil)
	})
	delete(known, "config")
	var unknown []string
	for key := range f.values {
		if !known[key] {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) == 0 {
		return nil
	}
	slices.Sort(unknown)
	return fmt.Errorf("configuration file: unknown key %s", strings.Join(unknown, ", "))
}

// Resolve returns the file's value for a flag, nil if there is none or the environment has one.
func (f configFile) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	for _, name := range flag.Envs {
		if _, ok := os.LookupEnv(name); ok {
			return nil, nil
		}
	}
	switch v := f.values[flag.Name].(type) {
	case nil:
		return nil, nil
	case []any:
		return v, nil
	case string, bool, int64, float64:
		return fmt.Sprint(v), nil // read like a flag's: 10 is no duration, 10s is
	default:
		return nil, fmt.Errorf("configuration file: %s is neither a value nor a list of values", flag.Name)
	}
}
