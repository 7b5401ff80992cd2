package auth

import (
	"strings"
	"testing"

	"github.com/vechehq/veche/hub"
)

func TestName(t *testing.T) {
	for in, want := range map[string]string{
		"Anna":                   "Anna",
		"  Анна Мария \n":        "Анна Мария",
		"李":                      "李",
		"👩\u200d👩\u200d👧 family": "👩\u200d👩\u200d👧 family",
		strings.Repeat("ы", 32):  strings.Repeat("ы", 32),
	} {
		if got, err := Name(in); err != nil || got != want {
			t.Errorf("Name(%q) = %q, %v", in, got, err)
		}
	}
	for in, words := range map[string]string{
		"":                      "empty",
		" \t\n ":                "empty",
		strings.Repeat("a", 65): "longer than 64",
		"a\xff":                 "UTF-8",
		"a\x00b":                "control",
		"a\nb":                  "control",
		"a\u202eb":              "control", // right-to-left override
		"a\u2066b":              "control", // left-to-right isolate
		"a\u200fb":              "control", // right-to-left mark
		"a\u2028b":              "control", // line separator
		"a\ufeffb":              "control", // byte order mark
		"a\u0085b":              "control", // next line
		"\u200d\u200d":          "nothing to see",
	} {
		_, err := Name(in)
		wantError(t, err, hub.CodeBadRequest, words)
	}
}
