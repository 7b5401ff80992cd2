package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/hub"
)

// tokenFlags say which tokens are good. Both who makes them and who checks them must know.
type tokenFlags struct {
	TokenSecret     string `group:"Tokens" xor:"secret" placeholder:"TEXT" help:"Secret that signs tokens (HS256), 16 bytes or more, better 32. Others can read a command line: prefer the variable VECHE_TOKEN_SECRET or --token-secret-file. Without one, the data directory's own key signs."`
	TokenSecretFile string `group:"Tokens" xor:"secret" placeholder:"FILE" help:"File with the secret; spaces and line ends around it do not count."`
	TokenIssuer     string `group:"Tokens" placeholder:"NAME" help:"Demand this \"iss\" of tokens."`
	TokenAudience   string `group:"Tokens" placeholder:"NAME" help:"Demand this \"aud\" of tokens."`
}

// secret returns the configured secret, nil if there is none.
func (f *tokenFlags) secret() ([]byte, error) {
	if f.TokenSecretFile == "" {
		if f.TokenSecret == "" {
			return nil, nil
		}
		return []byte(f.TokenSecret), nil
	}
	text, err := os.ReadFile(f.TokenSecretFile)
	if err != nil {
		return nil, fmt.Errorf("the token secret: %w", err)
	}
	return []byte(strings.TrimSpace(string(text))), nil
}

type tokenCmd struct {
	User    string        `required:"" env:"-" placeholder:"ID" help:"The user's id."`
	Name    string        `env:"-" placeholder:"NAME" help:"The name that people see; the id if none is given."`
	Expires time.Duration `env:"-" default:"24h" placeholder:"TIME" help:"How long the token is good; 0 for ever. (${default})"`
	Room    []string      `env:"-" placeholder:"PATTERN" help:"Good for these rooms only, such as general or dev-*. May be repeated."`
}

func (t *tokenCmd) Help() string {
	return "The token is signed by --token-secret, or else by the key in --data, as the server's are; the server need not run. A client shows it in hello, in the header Authorization: Bearer, in the cookie veche_token, or as the WebSocket subprotocol veche.token.TOKEN."
}

// Run prints the token.
func (t *tokenCmd) Run(c *cli, w world) error {
	secret, err := c.Tokens.secret()
	if err != nil {
		return err
	}
	key := auth.NewKey() // of no use where there is a secret
	if secret == nil {
		if key, err = dataKey(c.Data); err != nil {
			return err
		}
	}
	a, err := auth.New(auth.Config{Key: key, Secret: secret, Issuer: c.Tokens.TokenIssuer, Audience: c.Tokens.TokenAudience})
	if err != nil {
		return err
	}
	token, err := a.Sign(t.user())
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(w.stdout, token)
	return err
}

func (t *tokenCmd) user() hub.User {
	u := hub.User{ID: t.User, Name: t.Name}
	if t.Expires != 0 {
		u.Expires = time.Now().Add(t.Expires)
	}
	if len(t.Room) > 0 {
		u.Claims = map[string]any{"rooms": t.Room}
	}
	return u
}

func dataKey(dir string) ([]byte, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data directory: %w", err)
	}
	return auth.LoadKey(filepath.Join(dir, "key"))
}
