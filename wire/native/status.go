package native

// Status returns the HTTP status (RFC 9110, section 15) of an answer that is an error. Codes of the
// application's own are as forbidden or, if the client may retry, as unavailable.
func Status(code string, retry bool) int {
	switch code {
	case "bad_request":
		return 400
	case "unauthorized", "expired":
		return 401
	case "forbidden", "not_joined":
		return 403
	case "replaced":
		return 409
	case "too_large":
		return 413
	case "limit":
		return 429
	case "internal":
		return 500
	}
	if retry {
		return 503
	}
	return 403
}
