package auth

import (
	"testing"

	"github.com/vechehq/veche/hub"
)

func TestAuthorize(t *testing.T) {
	a := newAuth(t)
	anna := hub.User{ID: "u2"}
	limited := hub.User{ID: "u3", Claims: map[string]any{"rooms": []string{"general", "dev-*", "~*"}}}
	broken := hub.User{ID: "u4", Claims: map[string]any{"rooms": "*"}}
	none := hub.User{ID: "u5", Claims: map[string]any{"rooms": []string{}}}
	all := []hub.Action{hub.ActJoin, hub.ActSend, hub.ActSignal, hub.ActHistory}
	read := []hub.Action{hub.ActJoin, hub.ActHistory}
	write := []hub.Action{hub.ActSend, hub.ActSignal}

	for _, c := range []struct {
		user hub.User
		acts []hub.Action
		room string
		want hub.Code // empty: allowed
	}{
		{anna, all, "general", ""},
		{anna, all, "Комната № 1/a b", ""},
		{anna, all, "general~u3", ""},
		{anna, read, "~u2", ""},
		{anna, write, "~u2", hub.CodeForbidden},
		{anna, all, "~u3", hub.CodeForbidden},
		{anna, all, "~", hub.CodeForbidden},
		{anna, all, "~u22", hub.CodeForbidden},
		{limited, all, "general", ""},
		{limited, all, "dev-7", ""},
		{limited, all, "random", hub.CodeForbidden},
		{limited, read, "~u3", ""},
		{limited, all, "~u2", hub.CodeForbidden},
		{broken, all, "general", hub.CodeForbidden},
		{none, all, "general", hub.CodeForbidden},
		{none, read, "~u5", ""},
		{hub.User{}, all, "general", hub.CodeUnauthorized},
	} {
		for _, act := range c.acts {
			err := a.Authorize(c.user, act, c.room)
			if err == nil && c.want == "" {
				continue
			}
			if err == nil || hub.AsError(err).Code != c.want {
				t.Errorf("%s may %s in %q: %v, want %q", c.user.ID, act, c.room, err, c.want)
			}
		}
	}
}
