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

// idFlaw says what is wrong with a token's user id; empty if nothing is.
func idFlaw(id string) string {
	for _, p := range []string{guestPrefix, certPrefix} {
		if strings.HasPrefix(id, p) {
			return "begins with " + p + ", which is not for tokens"
		}
	}
	if id == serverID {
		return "is the server's own"
	}
	return flaw(id, maxUser)
}

// maxUser leaves room for the inbox: "~" and the id are a room's name.
const maxUser = min(hub.MaxUser, hub.MaxRoom-len(inbox))
