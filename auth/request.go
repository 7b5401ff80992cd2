package auth

import (
	"net/http"
	"strings"

	"github.com/vechehq/veche/hub"
)

const (
	// TokenCookie is the name of the cookie that may carry a token. It is the application's: Veche
	// never sets it.
	TokenCookie = "veche_token"

	// TokenProtocol begins the subprotocol entry that carries a token.
	TokenProtocol = "veche.token."
)

// Request returns who makes a request, by the credentials it carries, in the order of the package's
// documentation; what the answer is to carry (a guest's cookie) it adds to set. A credential that is
// present and not good is an error.
//
// When there is no credential and guests are not allowed, the user is the zero one and the error nil:
// nobody, until a hello brings a token. [Auth.Authorize] allows nobody nothing.
func (a *Auth) Request(r *http.Request, set http.Header) (hub.User, error) {
	if token, ok := requestToken(r); ok {
		return a.Token(token)
	}
	if u, ok, err := certificate(r); ok {
		return u, err
	}
	if !a.guests {
		return hub.User{}, nil
	}
	return a.guest(r, set), nil
}

// Visit is Request for a request of HTTP that goes on with an earlier session: by resume, which its query
// has, a token that Issue made. That comes after the header and before the cookies. session is the one
// that it names, if it is the user's.
func (a *Auth) Visit(r *http.Request, resume string, set http.Header) (u hub.User, session string, err error) {
	if resume == "" {
		u, err = a.Request(r, set)
		return u, "", err
	}
	resumed, session, err := a.Resume(resume)
	token, ok := bearer(r)
	if !ok {
		return resumed, session, err
	}
	if u, err = a.Token(token); u.ID != resumed.ID {
		session = ""
	}
	return u, session, err
}

func requestToken(r *http.Request) (token string, ok bool) {
	if token, ok = bearer(r); ok {
		return token, true
	}
	if token, ok = protocolToken(r); ok {
		return token, true
	}
	if c, err := r.Cookie(TokenCookie); err == nil {
		return c.Value, true
	}
	return "", false
}

// bearer finds RFC 6750's header. Other schemes are not ours: a proxy in front may use them.
func bearer(r *http.Request) (token string, ok bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	return strings.TrimSpace(token), strings.EqualFold(scheme, "Bearer")
}

func protocolToken(r *http.Request) (token string, ok bool) {
	for _, line := range r.Header.Values("Sec-WebSocket-Protocol") {
		for entry := range strings.SplitSeq(line, ",") {
			if token, ok = strings.CutPrefix(strings.TrimSpace(entry), TokenProtocol); ok {
				return token, true
			}
		}
	}
	return "", false
}
