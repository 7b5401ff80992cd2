package auth

import (
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/vechehq/veche/hub"
)

// Sign makes a token for a user: [Auth.Token] reads ID, Name, Expires (whole seconds; zero for
// never) and Claims back from it. It fails for a user whom Token would refuse.
func (a *Auth) Sign(u hub.User) (string, error) {
	claims := jwt.MapClaims{}
	maps.Copy(claims, u.Claims)
	claims["sub"] = u.ID
	claims["iat"] = time.Now().Unix()
	if u.Name != "" {
		claims["name"] = u.Name
	}
	if !u.Expires.IsZero() {
		claims["exp"] = u.Expires.Unix()
	}
	if a.issuer != "" {
		claims["iss"] = a.issuer
	}
	if a.audience != "" {
		claims["aud"] = a.audience
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, claims).SignedString(a.secret)
	if err != nil {
		return "", fmt.Errorf("auth: signing a token: %w", err)
	}
	if _, err := a.Token(token); err != nil {
		return "", errors.New("auth: " + hub.AsError(err).Message)
	}
	return token, nil
}
