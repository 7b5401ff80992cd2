package hub

import (
	"errors"
	"strings"
	"testing"
)

func TestCheckName(t *testing.T) {
	for _, name := range []string{"", "Anna", "Анна Мария", "李", "👩\u200d👧", strings.Repeat("ы", 32)} {
		if err := CheckName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
	for _, name := range []string{
		"a\xff", "a\x00b", "a\nb", "a\u0085b",
		"a\u202eb", // right-to-left override
		"a\u2066b", // left-to-right isolate
		"a\u200fb", // right-to-left mark
		"a\u200bb", // zero width space
		"a\u2028b", // line separator
		"a\ufeffb", // byte order mark
	} {
		if err := CheckName(name); !errors.Is(err, &Error{Code: CodeBadRequest}) {
			t.Errorf("%q: %v", name, err)
		}
	}
	if err := CheckName(strings.Repeat("a", MaxName+1)); !errors.Is(err, &Error{Code: CodeTooLarge}) {
		t.Error("a long name:", err)
	}
}

func TestCheckUser(t *testing.T) {
	if err := CheckUser(strings.Repeat("a", MaxUser)); err != nil {
		t.Error(err)
	}
	for _, id := range []string{"", "a\nb", "a\u202eb", "\xff", strings.Repeat("a", MaxUser+1)} {
		if CheckUser(id) == nil {
			t.Errorf("%q is taken", id)
		}
	}
}
