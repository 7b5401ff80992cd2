// Package glob matches room names against the patterns that people write in flags and tokens.
//
// Enter by [Valid] when a pattern is read, and [Match] when a name is asked about. It knows one
// syntax and no alternatives: that of [path.Match], except that * and ? also match a slash, since a
// room's name is not a path.
package glob

import (
	"path"
	"strings"
)

// slash stands for '/' while path.Match works. A room's name has no control characters.
const slash = "\x00"

// Valid tells whether pattern is well formed and not empty.
func Valid(pattern string) bool {
	_, err := path.Match(pattern, "")
	return err == nil && pattern != ""
}

// Match tells whether pattern matches all of name. A malformed pattern matches nothing.
func Match(pattern, name string) bool {
	ok, err := path.Match(flat(pattern), flat(name))
	return err == nil && ok
}

func flat(s string) string { return strings.ReplaceAll(s, "/", slash) }
