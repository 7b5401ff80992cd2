// Tokens: who the clients are. A client that comes over another door, or after a restart, is the same user.

package prove

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// token signs a user's id by HS256 (RFC 7519; RFC 7515, appendix A.1).
func token(secret, user string) string {
	claims, err := json.Marshal(map[string]string{"sub": user})
	if err != nil {
		panic(err) // of strings
	}
	code := base64.RawURLEncoding.EncodeToString
	text := code([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + code(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + code(mac.Sum(nil))
}
