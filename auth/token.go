package auth

import (
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/internal/glob"
)

const (
	// MaxToken is the longest token that is looked at, in bytes.
	MaxToken = 8 << 10

	// Leeway is how far a token's clock may be from ours: it is good that long before nbf and after exp.
	Leeway = 5 * time.Second

	maxRooms   = 256 // patterns in a token
	claimRooms = "rooms"
)

// lastTime is the end of the year 9999, beyond which times do not compare as one would think.
var lastTime = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)

func newParser(c Config) *jwt.Parser {
	options := []jwt.ParserOption{
		// RFC 8725, 3.1: "Libraries MUST enable the caller to specify a supported set of algorithms and
		// MUST NOT use any other algorithms when performing cryptographic operations."
		jwt.WithValidMethods([]string{jwt.SigningMethodHS256.Alg()}),
		jwt.WithStrictDecoding(),
		jwt.WithLeeway(Leeway),
	}
	if c.Issuer != "" {
		options = append(options, jwt.WithIssuer(c.Issuer))
	}
	if c.Audience != "" {
		options = append(options, jwt.WithAudience(c.Audience))
	}
	return jwt.NewParser(options...)
}

// Token returns whom a token names. It fails with CodeExpired for one that was good, and with
// CodeUnauthorized for any other that is not good now; the message says which rule it broke.
func (a *Auth) Token(token string) (hub.User, error) {
	if len(token) > MaxToken {
		return hub.User{}, unauthorized(fmt.Sprintf("the token is longer than %d bytes", MaxToken))
	}
	claims := jwt.MapClaims{}
	if _, err := a.parser.ParseWithClaims(token, claims, a.keyOf); err != nil {
		return hub.User{}, tokenError(err)
	}
	return userOf(claims)
}

var errCritical = errors.New("critical header")

func (a *Auth) keyOf(t *jwt.Token) (any, error) {
	// RFC 7515, 4.1.11: "If any of the listed extension Header Parameters are not understood and
	// supported by the recipient, then the JWS is invalid."
	if _, ok := t.Header["crit"]; ok {
		return nil, errCritical
	}
	return a.secret, nil
}

// tokenError says what was wrong in words of our own: the library's tell how we check.
func tokenError(err error) *hub.Error {
	switch {
	case errors.Is(err, jwt.ErrTokenMalformed):
		return unauthorized("the token is malformed")
	case errors.Is(err, errCritical):
		return unauthorized("the token asks for extensions that are not known here")
	case errors.Is(err, jwt.ErrTokenUnverifiable), errors.Is(err, jwt.ErrTokenSignatureInvalid):
		return unauthorized("the token is not signed by this server's secret with HS256")
	case errors.Is(err, jwt.ErrTokenExpired):
		return expired("the token has expired")
	case errors.Is(err, jwt.ErrTokenNotValidYet):
		return unauthorized("the token is not valid yet")
	case errors.Is(err, jwt.ErrTokenInvalidIssuer):
		return unauthorized("the token comes from another issuer")
	case errors.Is(err, jwt.ErrTokenInvalidAudience), errors.Is(err, jwt.ErrTokenRequiredClaimMissing):
		return unauthorized("the token is for another audience")
	default:
		return unauthorized("the token has a claim of the wrong type")
	}
}

// userOf reads the claims of a token that is verified.
func userOf(claims jwt.MapClaims) (hub.User, error) {
	sub, _ := claims["sub"].(string)
	if why := tokenID(sub); why != "" {
		return hub.User{}, unauthorized("the token's sub " + why)
	}
	name, err := nameClaim(claims, sub)
	if err != nil {
		return hub.User{}, err
	}
	expires, err := expiryClaim(claims)
	if err != nil {
		return hub.User{}, err
	}
	rest, err := otherClaims(claims)
	if err != nil {
		return hub.User{}, err
	}
	return hub.User{ID: sub, Name: name, Expires: expires, Claims: rest}, nil
}

func nameClaim(claims jwt.MapClaims, id string) (string, error) {
	v, ok := claims["name"]
	if !ok {
		return shown(id), nil
	}
	name, ok := v.(string)
	name = strings.TrimSpace(name)
	if !ok || name == "" || hub.CheckName(name) != nil {
		return "", unauthorized("the token's name is not one")
	}
	return name, nil
}

// expiryClaim returns when the session is to end: Leeway after exp, as the parser has it.
func expiryClaim(claims jwt.MapClaims) (time.Time, error) {
	if _, ok := claims["exp"]; !ok {
		return time.Time{}, nil
	}
	exp, err := claims.GetExpirationTime()
	switch {
	case err != nil:
		return time.Time{}, unauthorized("the token's exp is not a time")
	case exp == nil: // the library takes 0 for "never"
		return time.Time{}, expired("the token has expired")
	case exp.After(lastTime):
		return time.Time{}, unauthorized("the token's exp is not a time")
	}
	return exp.Add(Leeway), nil
}

// otherClaims returns what the claims say beside the user and the times.
func otherClaims(claims jwt.MapClaims) (map[string]any, error) {
	rest := maps.Clone(map[string]any(claims))
	for _, known := range []string{"sub", "name", "exp", "nbf", "iat"} {
		delete(rest, known)
	}
	if err := normalize(rest); err != nil {
		return nil, err
	}
	if len(rest) == 0 {
		return nil, nil
	}
	return rest, nil
}

// normalize makes the claim "rooms", as JSON gives it, the []string that Authorize reads.
func normalize(claims map[string]any) error {
	v, ok := claims[claimRooms]
	if !ok {
		return nil
	}
	list, ok := v.([]any)
	if !ok || len(list) > maxRooms {
		return unauthorized(fmt.Sprintf("the token's rooms are not a list of at most %d patterns", maxRooms))
	}
	rooms := make([]string, len(list))
	for i, item := range list {
		s, _ := item.(string)
		if !glob.Valid(s) {
			return unauthorized("the token's rooms have one that is not a pattern")
		}
		rooms[i] = s
	}
	claims[claimRooms] = rooms
	return nil
}
