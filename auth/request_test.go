package auth

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/hub"
)

func TestGuestComesBack(t *testing.T) {
	a := newAuth(t)
	set := http.Header{}
	first, err := a.Request(httptest.NewRequest("GET", "/", nil), set)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(first.ID, "g-") || len(first.ID) < 20 || !first.Guest ||
		first.Name != "Guest-"+first.ID[len(first.ID)-4:] {
		t.Errorf("guest is %+v", first)
	}
	c := cookieOf(t, set, GuestCookie)
	if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Path != "/" || c.MaxAge != 365*24*3600 || c.Secure {
		t.Errorf("cookie is %s", c)
	}

	r := httptest.NewRequest("GET", "/ws", nil)
	r.AddCookie(c)
	set = http.Header{}
	second, err := a.Request(r, set)
	if err != nil || !cmp.Equal(first, second) {
		t.Errorf("came back as %+v, %v", second, err)
	}
	if again := cookieOf(t, set, GuestCookie); again.Value != c.Value || again.MaxAge != c.MaxAge {
		t.Errorf("the visit did not prolong the cookie: %s", again)
	}
}

func TestGuestCookieForged(t *testing.T) {
	a := newAuth(t)
	other := newAuth(t, func(c *Config) { c.Key = NewKey() })
	good := a.guestCookie("g-anna")
	for name, value := range map[string]string{
		"unsigned":      "g-anna",
		"empty":         "",
		"no signature":  "g-anna.",
		"short":         good[:len(good)-2],
		"another's":     strings.Replace(good, "anna", "olga", 1),
		"another key":   other.guestCookie("g-anna"),
		"resume token":  a.Issue(hub.User{ID: "g-anna"}, "s"),
		"long":          good + strings.Repeat("x", 4096),
		"not base64":    "g-anna.!!!",
		"bytes":         "g-\x00.x",
		"only a period": ".",
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", GuestCookie+"="+value)
		u, err := a.Request(r, http.Header{})
		if err != nil || u.ID == "g-anna" || !u.Guest {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
}

func TestGuestCookieSecure(t *testing.T) {
	a := newAuth(t)
	for name, change := range map[string]func(*http.Request){
		"tls":   func(r *http.Request) { r.TLS = &tls.ConnectionState{} },
		"proxy": func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") },
	} {
		r := httptest.NewRequest("GET", "/", nil)
		change(r)
		set := http.Header{}
		if _, err := a.Request(r, set); err != nil || !cookieOf(t, set, GuestCookie).Secure {
			t.Errorf("%s: %v, %v", name, set, err)
		}
	}
}

func TestNoGuests(t *testing.T) {
	a := newAuth(t, func(c *Config) { c.NoGuests = true })
	r := httptest.NewRequest("GET", "/", nil)
	r.Header.Set("Cookie", GuestCookie+"="+a.guestCookie("g-anna"))
	set := http.Header{}
	u, err := a.Request(r, set)
	if err != nil || u.ID != "" || len(set) != 0 {
		t.Errorf("%+v, %v, %v", u, err, set)
	}
	wantError(t, a.Authorize(u, hub.ActJoin, "general"), hub.CodeUnauthorized, "token is required")

	_, _, err = a.Resume(newAuth(t).Issue(hub.User{ID: "g-anna", Guest: true}, "s"))
	wantError(t, err, hub.CodeUnauthorized, "guests are not allowed")
}

func TestPrecedence(t *testing.T) {
	a := newAuth(t)
	token := func(user string) string { return a.signed(t, map[string]any{"sub": user}) }
	r := httptest.NewRequest("GET", "/ws", nil)

	// From the last to the first: each that comes wins over all before it.
	steps := []struct {
		want string
		add  func()
	}{
		{"g-anna", func() { r.AddCookie(&http.Cookie{Name: GuestCookie, Value: a.guestCookie("g-anna")}) }},
		{"cert:device-7", func() { r.TLS = verified(&x509.Certificate{DNSNames: []string{"device-7"}}) }},
		{"cookie", func() { r.AddCookie(&http.Cookie{Name: TokenCookie, Value: token("cookie")}) }},
		{"protocol", func() {
			r.Header.Add("Sec-WebSocket-Protocol", "veche.v1")
			r.Header.Add("Sec-WebSocket-Protocol", "x , "+TokenProtocol+token("protocol"))
		}},
		{"bearer", func() { r.Header.Set("Authorization", "bearer  "+token("bearer")) }},
	}
	for _, s := range steps {
		s.add()
		set := http.Header{}
		u, err := a.Request(r, set)
		if err != nil || u.ID != s.want {
			t.Errorf("%s: %+v, %v", s.want, u, err)
		}
		if u.Guest != (len(set) > 0) {
			t.Errorf("%s: sets %v", s.want, set)
		}
	}
}

func TestBadCredentialIsNoGuest(t *testing.T) {
	a := newAuth(t)
	expiredToken := a.signed(t, map[string]any{"sub": "u2", "exp": 1})
	for name, c := range map[string]struct {
		key, value string
		code       hub.Code
	}{
		"bearer":       {"Authorization", "Bearer x", hub.CodeUnauthorized},
		"empty bearer": {"Authorization", "Bearer", hub.CodeUnauthorized},
		"protocol":     {"Sec-WebSocket-Protocol", "veche.v1, " + TokenProtocol + expiredToken, hub.CodeExpired},
		"cookie":       {"Cookie", TokenCookie + "=" + expiredToken, hub.CodeExpired},
		"empty cookie": {"Cookie", TokenCookie + "=", hub.CodeUnauthorized},
	} {
		r := httptest.NewRequest("GET", "/ws", nil)
		r.Header.Set(c.key, c.value)
		set := http.Header{}
		u, err := a.Request(r, set)
		if hub.AsError(err).Code != c.code || u.ID != "" || len(set) > 0 {
			t.Errorf("%s: %+v, %v, sets %v", name, u, err, set)
		}
	}
	r := httptest.NewRequest("GET", "/", nil)
	r.SetBasicAuth("a proxy", "password")
	if u, err := a.Request(r, http.Header{}); err != nil || !u.Guest {
		t.Errorf("another scheme is not ours: %+v, %v", u, err)
	}
}

func TestCertificate(t *testing.T) {
	a := newAuth(t)
	uri, _ := url.Parse("spiffe://veche/device-7")
	end := time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)
	for want, leaf := range map[string]*x509.Certificate{
		"cert:d":                          {DNSNames: []string{"d", "e"}, EmailAddresses: []string{"a@b"}, Subject: pkix.Name{CommonName: "c"}},
		"cert:a@b":                        {EmailAddresses: []string{"a@b"}, Subject: pkix.Name{CommonName: "c"}},
		"cert:spiffe://veche/device-7":    {URIs: []*url.URL{uri}, Subject: pkix.Name{CommonName: "c"}},
		"cert:Насос 7":                    {Subject: pkix.Name{CommonName: "Насос 7"}},
		"cert:" + strings.Repeat("x", 90): {DNSNames: []string{strings.Repeat("x", 90)}},
	} {
		leaf.NotAfter = end
		r := httptest.NewRequest("GET", "/ws", nil)
		r.TLS = verified(leaf)
		u, err := a.Request(r, http.Header{})
		if err != nil || u.ID != want || !u.Expires.Equal(end) || u.Guest || hub.CheckName(u.Name) != nil {
			t.Errorf("%s: %+v, %v", want, u, err)
		}
	}
	for name, leaf := range map[string]*x509.Certificate{
		"nameless": {},
		"a line":   {Subject: pkix.Name{CommonName: "a\nb"}},
		"long":     {DNSNames: []string{strings.Repeat("x", 130)}},
	} {
		r := httptest.NewRequest("GET", "/ws", nil)
		r.TLS = verified(leaf)
		if u, err := a.Request(r, http.Header{}); hub.AsError(err).Code != hub.CodeUnauthorized || u.ID != "" {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	r := httptest.NewRequest("GET", "/ws", nil)
	r.TLS = &tls.ConnectionState{PeerCertificates: []*x509.Certificate{{DNSNames: []string{"admin"}}}}
	if u, err := a.Request(r, http.Header{}); err != nil || !u.Guest {
		t.Errorf("unverified: %+v, %v", u, err)
	}
}

func verified(leaf *x509.Certificate) *tls.ConnectionState {
	return &tls.ConnectionState{
		PeerCertificates: []*x509.Certificate{leaf},
		VerifiedChains:   [][]*x509.Certificate{{leaf}},
	}
}

func FuzzCookie(f *testing.F) {
	a := newAuth(f)
	f.Add(a.guestCookie("g-anna"))
	f.Add("g-anna.AAAAAAAAAAAAAAAAAAAAAA")
	f.Add("..")
	f.Add(`"g-anna."; veche_token=x`)
	f.Fuzz(func(t *testing.T, value string) {
		r := httptest.NewRequest("GET", "/", nil)
		r.Header.Set("Cookie", GuestCookie+"="+value)
		set := http.Header{}
		u, err := a.Request(r, set)
		if err != nil {
			if strings.Contains(value, TokenCookie) {
				return // the text holds a cookie of its own
			}
			t.Fatal(err)
		}
		if u.ID == "" || !u.Guest {
			t.Fatalf("%+v", u)
		}
		if id, ok := a.guestID(cookieOf(t, set, GuestCookie).Value); !ok || id != u.ID {
			t.Fatalf("the cookie names %q, the user is %q", id, u.ID)
		}
		if id, ok := a.guestID(value); ok && a.guestCookie(id) != value {
			t.Fatalf("%q is taken for %q", value, a.guestCookie(id))
		}
	})
}
