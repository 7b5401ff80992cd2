package auth

import (
	"strings"

	"github.com/vechehq/veche/hub"
)

// Identities that no token can claim: guests', certificates', and the server's own.
const (
	guestPrefix = "g-"
	certPrefix  = "cert:"
	serverID    = "server"
)

// maxUser leaves room for the inbox: "~" and the id are a room's name.
const maxUser = min(hub.MaxUser, hub.MaxRoom-len(inbox))

// tokenID says why a token cannot have the user id; empty if it can.
func tokenID(id string) (why string) {
	switch {
	case id == serverID, strings.HasPrefix(id, guestPrefix), strings.HasPrefix(id, certPrefix):
		return "is not one for tokens"
	}
	return badID(id)
}

func badID(id string) (why string) {
	if len(id) > maxUser {
		return "is too long"
	}
	if hub.CheckUser(id) != nil {
		return "is not an id"
	}
	return ""
}

// shown returns what people see of someone who has an id and no name.
func shown(id string) string {
	if len(id) <= hub.MaxName {
		return id
	}
	return strings.ToValidUTF8(id[:hub.MaxName], "")
}
