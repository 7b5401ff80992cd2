package auth

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/vechehq/veche/hub"
)

// Name returns the name that a person chose for themselves, trimmed, or a CodeBadRequest that says
// why it cannot be: empty, longer than hub.MaxName bytes, not UTF-8, or with control characters or
// invisible ones, with which a name could pretend to be another.
func Name(s string) (string, error) {
	s = strings.TrimSpace(s)
	if why := flaw(s, hub.MaxName); why != "" {
		return "", &hub.Error{Code: hub.CodeBadRequest, Message: "the name " + why}
	}
	return s, nil
}

// flaw says what is wrong with a name of at most max bytes, in words that follow "the name"; empty if
// nothing is.
func flaw(s string, max int) string {
	switch {
	case s == "":
		return "is empty"
	case len(s) > max:
		return fmt.Sprintf("is longer than %d bytes", max)
	case !utf8.ValidString(s):
		return "is not valid UTF-8"
	case strings.ContainsFunc(s, deceptive):
		return "has control characters"
	case !strings.ContainsFunc(s, visible):
		return "has nothing to see"
	}
	return ""
}

// deceptive tells what no name may have: control characters, line and paragraph separators, and
// format characters such as those that turn the direction of writing. The two joiners are letters'
// and emoji's own business.
func deceptive(r rune) bool {
	const zwnj, zwj = '\u200c', '\u200d'
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != zwnj && r != zwj
}

func visible(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }

// shown returns what people see of someone who has an id and no name.
func shown(id string) string {
	if len(id) <= hub.MaxName {
		return id
	}
	return strings.ToValidUTF8(id[:hub.MaxName], "")
}
