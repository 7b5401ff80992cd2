package auth

import (
	"slices"
	"strings"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/internal/glob"
)

// inbox begins the name of a user's own room.
const inbox = "~"

// Authorize implements [hub.Authorizer] with the policy of the package's documentation.
func (a *Auth) Authorize(u hub.User, act hub.Action, room string) error {
	if u.ID == "" {
		return unauthorized("say who you are first: a token is required")
	}
	if owner, ok := strings.CutPrefix(room, inbox); ok {
		return authorizeInbox(u, act, owner)
	}
	return authorizeRooms(u, room)
}

func authorizeInbox(u hub.User, act hub.Action, owner string) error {
	switch {
	case owner != u.ID:
		return forbidden("an inbox is open to its own user only")
	case act != hub.ActJoin && act != hub.ActHistory:
		return forbidden("only the server writes to an inbox")
	}
	return nil
}

// authorizeRooms obeys the claim "rooms". One that is not a list of patterns allows nothing.
func authorizeRooms(u hub.User, room string) error {
	claim, limited := u.Claims[claimRooms]
	if !limited {
		return nil
	}
	patterns, _ := claim.([]string)
	if !slices.ContainsFunc(patterns, func(p string) bool { return glob.Match(p, room) }) {
		return forbidden("your token is not for this room")
	}
	return nil
}

func forbidden(message string) *hub.Error {
	return &hub.Error{Code: hub.CodeForbidden, Message: message}
}

func unauthorized(message string) *hub.Error {
	return &hub.Error{Code: hub.CodeUnauthorized, Message: message}
}

func expired(message string) *hub.Error {
	return &hub.Error{Code: hub.CodeExpired, Message: message}
}
