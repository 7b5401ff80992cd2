package auth

import (
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/hub"
)

func TestResumeRoundTrip(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t)
		for _, u := range []hub.User{
			{ID: "g-anna", Name: "Анна", Guest: true},
			{ID: "u2", Name: "Anna", Expires: time.Now().Add(time.Hour).Local(), Claims: map[string]any{
				"rooms": []string{"dev-*"}, "team": "red", "level": 7.5,
			}},
		} {
			token := a.Issue(u, "s-77")
			if strings.Trim(token, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
				t.Errorf("not safe in a URL: %s", token)
			}
			got, session, err := a.Resume(token)
			if err != nil || session != "s-77" {
				t.Fatal(session, err)
			}
			if d := cmp.Diff(u, got); d != "" {
				t.Error(d)
			}
		}
	})
}

func TestResumeIsShort(t *testing.T) {
	a := newAuth(t)
	if n := len(a.Issue(hub.User{ID: a.guestCookie("g-x"), Name: "Guest-abcd", Guest: true}, "0123456789abcdef")); n > 200 {
		t.Errorf("a guest's is %d bytes", n)
	}
}

func TestResumeExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t, func(c *Config) { c.ResumeFor = time.Minute })
		long := a.Issue(hub.User{ID: "u2", Expires: time.Now().Add(time.Hour)}, "s")
		short := a.Issue(hub.User{ID: "u2", Expires: time.Now().Add(30 * time.Second)}, "s")

		time.Sleep(30 * time.Second)
		_, _, err := a.Resume(short)
		wantError(t, err, hub.CodeExpired, "expired")
		if _, _, err := a.Resume(long); err != nil {
			t.Error("half of its life:", err)
		}
		time.Sleep(30 * time.Second)
		_, _, err = a.Resume(long)
		wantError(t, err, hub.CodeExpired, "expired")
	})
}

// A guest who stays connected for days comes back as the same one, with a cookie or without.
func TestGuestsResumeLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAuth(t)
		token := a.Issue(hub.User{ID: "g-x", Guest: true}, "s")
		time.Sleep(364 * 24 * time.Hour)
		if u, session, err := a.Resume(token); err != nil || u.ID != "g-x" || session != "s" {
			t.Error(u, session, err)
		}
		time.Sleep(24 * time.Hour)
		_, _, err := a.Resume(token)
		wantError(t, err, hub.CodeExpired, "expired")
	})
}

func TestResumeRefused(t *testing.T) {
	a := newAuth(t)
	good := a.Issue(hub.User{ID: "u2"}, "s")
	raw, _ := base64.RawURLEncoding.DecodeString(good)
	changed := func(at int) string {
		b := append([]byte(nil), raw...)
		b[at] ^= 1
		return base64.RawURLEncoding.EncodeToString(b)
	}
	for name, token := range map[string]string{
		"empty":         "",
		"words":         "resume me",
		"short":         base64.RawURLEncoding.EncodeToString(raw[:signatureSize]),
		"cut":           good[:len(good)-4],
		"another day":   changed(0),
		"another body":  changed(5),
		"another mac":   changed(len(raw) - 1),
		"another key":   newAuth(t, func(c *Config) { c.Key = NewKey() }).Issue(hub.User{ID: "u2"}, "s"),
		"access token":  a.signed(t, map[string]any{"sub": "u2"}),
		"guest cookie":  a.guestCookie("g-anna"),
		"a loose digit": looseDigit(good),
		"long":          strings.Repeat("A", maxResume+1),
	} {
		u, session, err := a.Resume(token)
		wantError(t, err, hub.CodeUnauthorized, "not one of this server's")
		if u.ID != "" || session != "" {
			t.Errorf("%s: and yet %+v, %s", name, u, session)
		}
	}
	// And it is no access token either.
	_, err := a.Token(good)
	wantError(t, err, hub.CodeUnauthorized, "malformed")
}

// looseDigit changes bits of the last digit that decode to nothing, if it has any.
func looseDigit(token string) string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	if len(token)%4 == 0 {
		return token[:len(token)-1] + "!"
	}
	last := strings.IndexByte(digits, token[len(token)-1])
	return token[:len(token)-1] + string(digits[last^1])
}

func TestIssueOfTooMuch(t *testing.T) {
	a := newAuth(t)
	for name, claim := range map[string]any{"long": strings.Repeat("x", maxResume), "no JSON": make(chan int)} {
		if token := a.Issue(hub.User{ID: "u2", Claims: map[string]any{"x": claim}}, "s"); token != "" {
			t.Errorf("%s: %d bytes", name, len(token))
		}
	}
	u := hub.User{ID: "u2", Claims: map[string]any{"x": strings.Repeat("x", 5<<10)}}
	if _, _, err := a.Resume(a.Issue(u, "s")); err != nil {
		t.Error("5 KiB of claims:", err)
	}
}

func FuzzResume(f *testing.F) {
	a := newAuth(f)
	f.Add(a.Issue(hub.User{ID: "u2", Claims: map[string]any{"rooms": []string{"a"}}}, "s"))
	f.Add(`{"s":"s","u":"u2","t":99999999999,"c":{"rooms":["["]}}`)
	f.Add("AQ")
	f.Fuzz(func(t *testing.T, token string) {
		check := func(token string) {
			u, session, err := a.Resume(token)
			if err != nil {
				hub.AsError(err)
				return
			}
			if rooms, ok := u.Claims[claimRooms]; ok {
				_ = rooms.([]string)
			}
			if u2, s2, err := a.Resume(a.Issue(u, session)); err != nil || u2.ID != u.ID || s2 != session {
				t.Fatalf("%+v %q again: %+v %q %v", u, session, u2, s2, err)
			}
		}
		check(token)
		raw := append([]byte{resumeVersion}, token...)
		check(base64.RawURLEncoding.EncodeToString(append(raw, sign(a.resumeKey, raw)...)))
	})
}
