package auth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"

	"github.com/vechehq/veche/hub"
)

// GuestCookie is the name of the cookie by which a guest comes back as the same one.
const GuestCookie = "veche_guest"

const guestAge = 365 * 24 * 3600 // seconds; every visit begins it anew

// guest returns the guest that the request's cookie names, else a new one, and sets the cookie.
func (a *Auth) guest(r *http.Request, set http.Header) hub.User {
	id, value, ok := "", "", false
	if c, err := r.Cookie(GuestCookie); err == nil {
		value = c.Value
		id, ok = a.guestID(value)
	}
	if !ok {
		id = guestPrefix + strings.ToLower(rand.Text())
		value = a.guestCookie(id)
	}
	cookie := &http.Cookie{
		Name:     GuestCookie,
		Value:    value,
		Path:     "/",
		MaxAge:   guestAge,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
		Secure:   secure(r),
	}
	set.Add("Set-Cookie", cookie.String())
	return hub.User{ID: id, Name: "Guest-" + id[len(id)-4:], Guest: true}
}

// secure tells whether the browser is on TLS, here or at a proxy in front. Who lies about it keeps
// their own cookie from themselves.
func secure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// guestCookie is "ID.SIGNATURE".
func (a *Auth) guestCookie(id string) string {
	return id + "." + base64.RawURLEncoding.EncodeToString(sign(a.guestKey, []byte(id)))
}

func (a *Auth) guestID(cookie string) (id string, ok bool) {
	if len(cookie) > 128 {
		return "", false
	}
	id, signature, _ := strings.Cut(cookie, ".")
	mac, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	return id, err == nil && hmac.Equal(mac, sign(a.guestKey, []byte(id)))
}

const signatureSize = 16 // bytes; 128 bits cannot be guessed

func sign(key, message []byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(message)
	return h.Sum(nil)[:signatureSize]
}
