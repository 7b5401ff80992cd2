package auth

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/hub"
)

// forge signs claims by any algorithm of the library's.
func forge(t testing.TB, alg string, key any, claims map[string]any) string {
	t.Helper()
	s, err := jwt.NewWithClaims(jwt.GetSigningMethod(alg), jwt.MapClaims(claims)).SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// assemble puts a token together by hand.
func assemble(header, claims, signature string) string {
	e := base64.RawURLEncoding.EncodeToString
	return e([]byte(header)) + "." + e([]byte(claims)) + "." + e([]byte(signature))
}

func TestTokenRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t, func(c *Config) { c.Issuer, c.Audience = "we", "chat" })
		exp := time.Now().Add(time.Hour).Truncate(time.Second)
		token, err := a.Sign(hub.User{
			ID: "u2", Name: "Анна", Expires: exp,
			Claims: map[string]any{"rooms": []string{"general", "dev-*"}, "team": "red"},
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Token(token)
		if err != nil {
			t.Fatal(err)
		}
		want := hub.User{ID: "u2", Name: "Анна", Expires: exp.Add(Leeway), Claims: map[string]any{
			"rooms": []string{"general", "dev-*"}, "team": "red", "iss": "we", "aud": "chat",
		}}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
}

func TestTokenWithoutNameOrExpiry(t *testing.T) {
	a := newAuth(t)
	long := strings.Repeat("ы", 50)
	for id, name := range map[string]string{"u2": "u2", long: strings.Repeat("ы", 32)} {
		u, err := a.Token(a.signed(t, map[string]any{"sub": id}))
		if err != nil || u.ID != id || u.Name != name || !u.Expires.IsZero() || u.Claims != nil {
			t.Errorf("%+v, %v", u, err)
		}
	}
}

func TestTokenRefused(t *testing.T) {
	a := newAuth(t, func(c *Config) { c.Issuer, c.Audience = "we", "chat" })
	good := map[string]any{"sub": "u2", "iss": "we", "aud": []string{"x", "chat"}}
	if _, err := a.Token(a.signed(t, good)); err != nil {
		t.Fatal("the good one:", err)
	}
	with := func(key string, value any) map[string]any {
		m := maps.Clone(good)
		if value == nil {
			delete(m, key)
		} else {
			m[key] = value
		}
		return m
	}
	now := time.Now().Unix()
	body, _ := json.Marshal(good)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	critical := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(good))
	critical.Header["crit"] = []string{"b64"}
	criticalToken, _ := critical.SignedString(a.secret)
	sound := a.signed(t, good)

	for _, c := range []struct {
		name, token string
		code        hub.Code
		words       string
	}{
		{"empty", "", hub.CodeUnauthorized, "malformed"},
		{"words", "let me in", hub.CodeUnauthorized, "malformed"},
		{"two parts", "a.b", hub.CodeUnauthorized, "malformed"},
		{"four parts", sound + ".x", hub.CodeUnauthorized, "malformed"},
		{"not base64", "a.b.!", hub.CodeUnauthorized, "malformed"},
		{"padded", sound + "=", hub.CodeUnauthorized, "malformed"},
		{"claims are no object", assemble(`{"alg":"HS256"}`, `[]`, ""), hub.CodeUnauthorized, "malformed"},
		{"oversize", strings.Repeat("a", MaxToken+1), hub.CodeUnauthorized, "longer than 8192"},
		{"no alg", assemble(`{}`, string(body), ""), hub.CodeUnauthorized, "HS256"},
		{"alg none", forge(t, "none", jwt.UnsafeAllowNoneSignatureType, good), hub.CodeUnauthorized, "HS256"},
		{"alg None", assemble(`{"alg":"None"}`, string(body), ""), hub.CodeUnauthorized, "HS256"},
		{"HS512 by the right secret", forge(t, "HS512", a.secret, good), hub.CodeUnauthorized, "HS256"},
		{"RS256", forge(t, "RS256", rsaKey, good), hub.CodeUnauthorized, "HS256"},
		{"RS256 over our secret's HMAC", resign(sound, `{"alg":"RS256"}`), hub.CodeUnauthorized, "HS256"},
		{"crit", criticalToken, hub.CodeUnauthorized, "extensions"},
		{"another secret", forge(t, "HS256", []byte("another secret, forty bytes of it too..."), good), hub.CodeUnauthorized, "not signed"},
		{"no signature", sound[:strings.LastIndex(sound, ".")+1], hub.CodeUnauthorized, "not signed"},
		{"expired", a.signed(t, with("exp", now-6)), hub.CodeExpired, "expired"},
		{"expired in 1970", a.signed(t, with("exp", 0)), hub.CodeExpired, "expired"},
		{"expires never, in other words", a.signed(t, with("exp", "never")), hub.CodeUnauthorized, "wrong type"},
		{"expires after all time", a.signed(t, with("exp", 1e12)), hub.CodeUnauthorized, "exp is not a time"},
		{"not yet", a.signed(t, with("nbf", now+60)), hub.CodeUnauthorized, "not valid yet"},
		{"nbf is text", a.signed(t, with("nbf", "x")), hub.CodeUnauthorized, "wrong type"},
		{"no issuer", a.signed(t, with("iss", nil)), hub.CodeUnauthorized, ""},
		{"another issuer", a.signed(t, with("iss", "they")), hub.CodeUnauthorized, "issuer"},
		{"no audience", a.signed(t, with("aud", nil)), hub.CodeUnauthorized, "audience"},
		{"another audience", a.signed(t, with("aud", "shop")), hub.CodeUnauthorized, "audience"},
		{"no sub", a.signed(t, with("sub", nil)), hub.CodeUnauthorized, "sub is not an id"},
		{"sub is a number", a.signed(t, with("sub", 7)), hub.CodeUnauthorized, "sub is not an id"},
		{"sub is long", a.signed(t, with("sub", strings.Repeat("u", 128))), hub.CodeUnauthorized, "too long"},
		{"sub has a line", a.signed(t, with("sub", "u\n2")), hub.CodeUnauthorized, "not an id"},
		{"a guest's sub", a.signed(t, with("sub", "g-anna")), hub.CodeUnauthorized, "not one for tokens"},
		{"a certificate's sub", a.signed(t, with("sub", "cert:anna")), hub.CodeUnauthorized, "not one for tokens"},
		{"the server's sub", a.signed(t, with("sub", "server")), hub.CodeUnauthorized, "not one for tokens"},
		{"name is a number", a.signed(t, with("name", 7)), hub.CodeUnauthorized, "name"},
		{"name is long", a.signed(t, with("name", strings.Repeat("n", 65))), hub.CodeUnauthorized, "name is not one"},
		{"name is blank", a.signed(t, with("name", " \t")), hub.CodeUnauthorized, "name is not one"},
		{"name turns around", a.signed(t, with("name", "a\u202eb")), hub.CodeUnauthorized, "name is not one"},
		{"sub cannot be seen", a.signed(t, with("sub", "u\u200b2")), hub.CodeUnauthorized, "not an id"},
		{"rooms is text", a.signed(t, with("rooms", "general")), hub.CodeUnauthorized, "rooms"},
		{"rooms has a number", a.signed(t, with("rooms", []any{"a", 1})), hub.CodeUnauthorized, "pattern"},
		{"rooms has a bad pattern", a.signed(t, with("rooms", []any{"[a"})), hub.CodeUnauthorized, "pattern"},
		{"too many rooms", a.signed(t, with("rooms", strings.Split(strings.Repeat("a", 257), ""))), hub.CodeUnauthorized, "256"},
	} {
		t.Run(c.name, func(t *testing.T) {
			u, err := a.Token(c.token)
			wantError(t, err, c.code, c.words)
			if u.ID != "" {
				t.Errorf("and yet a user: %+v", u)
			}
		})
	}
}

// resign puts another header before a token's claims and its old signature.
func resign(token, header string) string {
	_, rest, _ := strings.Cut(token, ".")
	return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
}

func TestTokenClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t)
		exp := time.Now().Add(time.Minute)
		token := a.signed(t, map[string]any{"sub": "u2", "exp": exp.Unix(), "nbf": time.Now().Add(Leeway).Unix()})
		u, err := a.Token(token)
		if err != nil {
			t.Fatal("within the leeway of nbf:", err)
		}
		time.Sleep(time.Until(u.Expires) - time.Nanosecond)
		if _, err := a.Token(token); err != nil {
			t.Error("within the leeway of exp:", err)
		}
		time.Sleep(time.Nanosecond)
		_, err = a.Token(token)
		wantError(t, err, hub.CodeExpired, "expired")
	})
}

func TestSignRefusesWhatTokenWould(t *testing.T) {
	a := newAuth(t)
	for name, u := range map[string]hub.User{
		"nobody":  {},
		"guest":   {ID: "g-1"},
		"expired": {ID: "u2", Expires: time.Now().Add(-time.Hour)},
		"rooms":   {ID: "u2", Claims: map[string]any{"rooms": []string{"["}}},
		"channel": {ID: "u2", Claims: map[string]any{"x": make(chan int)}},
	} {
		if token, err := a.Sign(u); err == nil {
			t.Errorf("%s: %s", name, token)
		}
	}
}

func TestSecrets(t *testing.T) {
	own := newAuth(t, func(c *Config) { c.Secret = nil })
	token, err := own.Sign(hub.User{ID: "u2"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := own.Token(token); err != nil {
		t.Error("the server's own:", err)
	}
	_, err = newAuth(t).Token(token)
	wantError(t, err, hub.CodeUnauthorized, "not signed")
	_, err = newAuth(t, func(c *Config) { c.Secret, c.Key = nil, NewKey() }).Token(token)
	wantError(t, err, hub.CodeUnauthorized, "not signed")

	if _, err := New(Config{Key: testKey, Secret: make([]byte, MinSecret-1)}); err == nil || !strings.Contains(err.Error(), "at least 16") {
		t.Error("a short secret:", err)
	}
	if _, err := New(Config{Key: testKey[1:]}); err == nil {
		t.Error("a short key is taken")
	}
}

func FuzzToken(f *testing.F) {
	a := newAuth(f)
	f.Add(a.signed(f, map[string]any{"sub": "u2", "name": "Anna", "rooms": []string{"a*"}}))
	f.Add(a.signed(f, map[string]any{"sub": "u2", "exp": 1 << 40}))
	f.Add(`{"sub":"u2","exp":0,"rooms":["[",7],"name":"\u202e"}`)
	f.Add(assemble(`{"alg":"none"}`, `{"sub":"u2"}`, ""))
	f.Add(assemble(`{"alg":"HS256","crit":["b64"]}`, `null`, ""))
	f.Add("..")
	f.Fuzz(func(t *testing.T, token string) {
		checkUser(t, a, token)
		// The same text as claims that we did sign: what the parser behind the signature sees.
		header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"HS256"}`))
		text := header + "." + base64.RawURLEncoding.EncodeToString([]byte(token))
		signature, _ := jwt.SigningMethodHS256.Sign(text, a.secret)
		checkUser(t, a, text+"."+base64.RawURLEncoding.EncodeToString(signature))
	})
}

// checkUser demands an *hub.Error or a user that keeps every rule.
func checkUser(t *testing.T, a *Auth, token string) {
	u, err := a.Token(token)
	if err != nil {
		if code := hub.AsError(err).Code; code != hub.CodeUnauthorized && code != hub.CodeExpired {
			t.Fatal(err)
		}
		return
	}
	if tokenID(u.ID) != "" || u.Name == "" || hub.CheckName(u.Name) != nil || u.Guest {
		t.Fatalf("%+v", u)
	}
	if rooms, ok := u.Claims[claimRooms]; ok {
		_ = rooms.([]string)
	}
}
