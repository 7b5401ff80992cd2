package auth

import (
	"bytes"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/vechehq/veche/hub"
)

var (
	testKey    = bytes.Repeat([]byte{7}, KeySize)
	testSecret = []byte("a secret of forty bytes, known to tests.")
)

func newAuth(t testing.TB, change ...func(*Config)) *Auth {
	t.Helper()
	c := Config{Key: testKey, Secret: testSecret}
	for _, f := range change {
		f(&c)
	}
	a, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// wantError checks the code, and that the message says words.
func wantError(t *testing.T, err error, code hub.Code, words string) {
	t.Helper()
	e, ok := errors.AsType[*hub.Error](err)
	if !ok || e.Code != code || !strings.Contains(e.Message, words) {
		t.Errorf("error is %v, want %s with %q", err, code, words)
	}
}

// signed returns a token that says claims, whatever they are.
func (a *Auth) signed(t testing.TB, claims map[string]any) string {
	t.Helper()
	return forge(t, "HS256", a.secret, claims)
}

func cookieOf(t *testing.T, set http.Header, name string) *http.Cookie {
	t.Helper()
	for _, c := range (&http.Response{Header: set}).Cookies() {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("no cookie %s in %v", name, set)
	return nil
}
