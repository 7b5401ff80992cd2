package native

// Close codes of the WebSocket connection that are the protocol's own, beside RFC 6455's.
const (
	CloseNormal       = 1000
	CloseUnsupported  = 1003
	ClosePolicy       = 1008
	CloseTooBig       = 1009
	CloseInternal     = 1011
	CloseRestart      = 1012
	CloseTryLater     = 1013
	CloseUnauthorized = 4401
	CloseForbidden    = 4403
	CloseReplaced     = 4409
	CloseLimit        = 4429
)

// CloseCode returns the code that closes a connection because of an error. Codes of the
// application's own close as forbidden or, if the client may retry, as to be tried later.
func CloseCode(code string, retry bool) uint16 {
	switch code {
	case "unauthorized", "expired":
		return CloseUnauthorized
	case "forbidden", "not_joined":
		return CloseForbidden
	case "replaced":
		return CloseReplaced
	case "limit":
		return CloseLimit
	case "bad_request":
		return ClosePolicy
	case "too_large":
		return CloseTooBig
	case "drain":
		return CloseRestart
	case "internal":
		return CloseInternal
	}
	if retry {
		return CloseTryLater
	}
	return CloseForbidden
}
