package glob

import "testing"

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"general", "general", true},
		{"general", "generals", false},
		{"memory:*", "memory:game/7", true},
		{"memory:*", "memory:", true},
		{"memory:*", "durable", false},
		{"a/?", "a//", true},
		{"dev-[0-9]", "dev-7", true},
		{"dev-[0-9]", "dev-x", false},
		{`\*`, "*", true},
		{"комната-*", "комната-1", true},
		{"[", "[", false},
		{"", "", true},
	} {
		if got := Match(c.pattern, c.name); got != c.want {
			t.Errorf("Match(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}

func TestValid(t *testing.T) {
	for pattern, want := range map[string]bool{"": false, "[": false, "a[": false, `\`: false, "*": true, "a/b": true} {
		if got := Valid(pattern); got != want {
			t.Errorf("Valid(%q) = %v", pattern, got)
		}
	}
}
