// Fate: what the end of a connection means for the next one (docs/protocol.md, section 4, bye and close
// codes).

package client

import (
	"errors"
	"math/rand/v2"
	"time"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

// fate is what to do after a connection has ended. The zero value: come back by one's own backoff.
type fate struct {
	stop       bool          // coming back makes no sense
	credential bool          // come back with a fresh token, once
	after      time.Duration // come back after that; 0: by one's own backoff
}

// maxAfter is for how long a server may send us away: a mistyped number is not for ever.
const maxAfter = time.Hour

// late is how long a hello that was given up may still be on its way.
const late = time.Minute

// fateOf reads why a connection has ended. welcomed: it was open; gaveUp: when the last one ended that was not.
func fateOf(err error, welcomed bool, gaveUp time.Time) fate {
	if bye, ok := errors.AsType[*byeError](err); ok {
		if bye.words.Code == "replaced" && time.Since(gaveUp) < late {
			return fate{} // by our own hello, which came to the server after the next one
		}
		f := fateOfWords(&bye.words)
		f.after = min(bye.after, maxAfter)
		return f
	}
	if words, ok := errors.AsType[*Error](err); ok {
		return fateOfWords(words)
	}
	return fateOfCode(ws.CloseStatus(err), welcomed)
}

func fateOfWords(e *Error) fate {
	if e.Code == "unauthorized" || e.Code == "expired" {
		return fate{credential: true}
	}
	return fate{stop: !e.Retry}
}

// fateOfCode is for a server that closed without a bye.
func fateOfCode(code ws.StatusCode, welcomed bool) fate {
	switch code {
	case native.CloseUnauthorized:
		return fate{credential: true}
	case native.CloseLimit:
		return fate{after: maxBackoff/2 + rand.N(maxBackoff/2)}
	case ws.StatusPolicy:
		return fate{stop: welcomed} // else our hello did not come in time
	case ws.StatusProtocolError, ws.StatusUnsupported, ws.StatusInvalidData, ws.StatusTooBig,
		native.CloseForbidden, native.CloseReplaced:
		return fate{stop: true}
	}
	return fate{}
}

// byeError is the server's last word.
type byeError struct {
	words Error
	after time.Duration
}

func (e *byeError) Error() string { return e.words.Error() }
func (e *byeError) Unwrap() error { return &e.words }
