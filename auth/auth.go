package auth

import (
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Config says how identities are made and checked. Only Key is required.
type Config struct {
	// Key is the server's own secret, KeySize random bytes: cookies and resume tokens are signed with
	// keys derived from it. Another key makes every guest a new one.
	Key []byte

	// Secret signs tokens (HS256); whoever knows it may be anyone. At least MinSecret bytes, better 32
	// or more. Nil means one derived from Key: then only this server can make tokens.
	Secret []byte

	Issuer   string // demanded in "iss", and put there by Sign; empty: any
	Audience string // demanded in "aud", and put there by Sign; empty: any

	NoGuests bool // who has no credential is nobody, until a hello brings a token

	ResumeFor time.Duration // how long a user's resume token lives; 0 means 24 hours. A guest's lives as long as their cookie
}

// MinSecret is the length, in bytes, below which a token secret is refused: such secrets are guessed.
const MinSecret = 16

// Auth makes and checks identities. It keeps no state and is safe for concurrent use.
type Auth struct {
	guests    bool
	issuer    string
	audience  string
	resumeFor time.Duration

	secret    []byte // signs tokens
	guestKey  []byte // signs guests' cookies
	resumeKey []byte // signs resume tokens
	parser    *jwt.Parser
}

// New checks the configuration and derives the keys.
func New(c Config) (*Auth, error) {
	if len(c.Key) != KeySize {
		return nil, fmt.Errorf("auth: the server key has %d bytes, not %d", len(c.Key), KeySize)
	}
	if c.Secret != nil && len(c.Secret) < MinSecret {
		return nil, fmt.Errorf("auth: the token secret has %d bytes; it must have at least %d, better 32", len(c.Secret), MinSecret)
	}
	a := &Auth{
		guests:    !c.NoGuests,
		issuer:    c.Issuer,
		audience:  c.Audience,
		resumeFor: c.ResumeFor,
		secret:    c.Secret,
		guestKey:  derive(c.Key, "veche guest cookie v1"),
		resumeKey: derive(c.Key, "veche resume token v1"),
	}
	if a.secret == nil {
		a.secret = derive(c.Key, "veche access token v1")
	}
	if a.resumeFor <= 0 {
		a.resumeFor = 24 * time.Hour
	}
	a.parser = newParser(c)
	return a, nil
}

// derive returns the key for one purpose, so that what is signed for one cannot be shown for another.
func derive(key []byte, purpose string) []byte {
	k, err := hkdf.Key(sha256.New, key, nil, purpose, sha256.Size)
	if err != nil {
		panic(err) // only for a length that is not ours
	}
	return k
}
