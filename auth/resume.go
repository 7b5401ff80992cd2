package auth

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/vechehq/veche/hub"
)

// A resume token is, in base64url without padding: one version byte, the ticket as JSON, and the
// signature of both.
const (
	resumeVersion = 1
	maxResume     = 8 << 10 // bytes, as the protocol has it; the user's claims are in it
)

// ticket is what a resume token says. It holds the whole user, so that who resumes may do just what
// they could before, on any node.
type ticket struct {
	Session string         `json:"s"`
	Until   int64          `json:"t"` // Unix seconds: when the ticket ends
	User    string         `json:"u"`
	Name    string         `json:"n,omitempty"`
	Guest   bool           `json:"g,omitempty"`
	Expires int64          `json:"x,omitempty"` // Unix seconds: when the user's credential ends
	Claims  map[string]any `json:"c,omitempty"`
}

// Issue returns a token by which the user may resume the session: short, safe in a URL, good for
// Config.ResumeFor but not beyond the user's credential; a guest's, who has no other, as long as their cookie. It is empty, so that the session cannot be
// resumed, when the user's claims are so many that it would be longer than 8 KiB.
func (a *Auth) Issue(u hub.User, session string) string {
	until := time.Now().Add(a.resumeFor)
	if u.Guest {
		until = time.Now().Add(guestAge * time.Second)
	}
	t := ticket{Session: session, User: u.ID, Name: u.Name, Guest: u.Guest, Claims: u.Claims}
	if !u.Expires.IsZero() {
		t.Expires = u.Expires.Unix()
		until = earlier(until, u.Expires)
	}
	t.Until = until.Unix()
	body, err := json.Marshal(t)
	if err != nil {
		return ""
	}
	raw := append([]byte{resumeVersion}, body...)
	raw = append(raw, sign(a.resumeKey, raw)...)
	if base64.RawURLEncoding.EncodedLen(len(raw)) > maxResume {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// Resume returns the user and the session that a resume token names. It fails with CodeExpired or
// CodeUnauthorized.
func (a *Auth) Resume(token string) (u hub.User, session string, err error) {
	t, ok := a.openTicket(token)
	switch {
	case !ok:
		return hub.User{}, "", unauthorized("the resume token is not one of this server's")
	case time.Now().Unix() >= t.Until:
		return hub.User{}, "", expired("the resume token has expired")
	case t.Guest && !a.guests:
		return hub.User{}, "", unauthorized("guests are not allowed here: a token is required")
	}
	u = hub.User{ID: t.User, Name: t.Name, Guest: t.Guest, Claims: t.Claims}
	if t.Expires != 0 {
		u.Expires = time.Unix(t.Expires, 0)
	}
	return u, t.Session, normalize(u.Claims)
}

func (a *Auth) openTicket(token string) (t ticket, ok bool) {
	if len(token) > maxResume {
		return t, false
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(token)
	if err != nil || len(raw) < 1+signatureSize || raw[0] != resumeVersion {
		return t, false
	}
	signed, signature := raw[:len(raw)-signatureSize], raw[len(raw)-signatureSize:]
	if !hmac.Equal(signature, sign(a.resumeKey, signed)) {
		return t, false
	}
	return t, json.Unmarshal(signed[1:], &t) == nil
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
