package hub

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CheckRoom returns nil if name can be a room's: 1 to MaxRoom bytes of UTF-8 without control
// characters.
func CheckRoom(name string) error {
	if name == "" {
		return &Error{Code: CodeBadRequest, Message: "a room's name is missing"}
	}
	return checkText("a room's name", name, MaxRoom)
}

// CheckUser returns nil if id can be a user's: 1 to MaxUser bytes of UTF-8, of nothing that deceives
// the eye.
func CheckUser(id string) error {
	if id == "" {
		return &Error{Code: CodeBadRequest, Message: "a user's id is missing"}
	}
	return checkShown("a user's id", id, MaxUser)
}

// CheckName returns nil if name can be a user's: at most MaxName bytes of UTF-8, of nothing that
// deceives the eye.
func CheckName(name string) error { return checkShown("a user's name", name, MaxName) }

// checkShown is checkText for what people know each other by: with characters that turn the
// direction of writing or cannot be seen, one could pass for another.
func checkShown(what, s string, limit int) error {
	if err := checkText(what, s, limit); err != nil {
		return err
	}
	if strings.ContainsFunc(s, deceptive) {
		return &Error{Code: CodeBadRequest, Message: what + " has a character that cannot be seen"}
	}
	return nil
}

// deceptive tells format characters and line and paragraph separators. The two joiners are letters'
// and emoji's own business.
func deceptive(r rune) bool {
	const nonJoiner, joiner = '\u200c', '\u200d'
	return unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) && r != nonJoiner && r != joiner
}

func checkText(what, s string, limit int) error {
	if len(s) > limit {
		return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("%s is longer than %d bytes", what, limit)}
	}
	if !utf8.ValidString(s) {
		return &Error{Code: CodeBadRequest, Message: what + " is not UTF-8"}
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return &Error{Code: CodeBadRequest, Message: what + " has a control character"}
		}
	}
	return nil
}

func checkBody(b Body, limit int) error {
	if len(b.Data)+len(b.Type) > limit {
		return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("the body is larger than %d bytes", limit)}
	}
	if b.Format != Bytes && !utf8.Valid(b.Data) {
		return &Error{Code: CodeBadRequest, Message: "the body is not UTF-8"}
	}
	return nil
}

func checkDraft(d *Draft, l *Limits) error {
	if err := CheckRoom(d.Room); err != nil {
		return err
	}
	if err := checkText("the cid", d.CID, MaxCID); err != nil {
		return err
	}
	if err := checkText("the kind", d.Kind, MaxKind); err != nil {
		return err
	}
	return checkBody(d.Body, l.Body)
}

func checkSignal(s *Signal, l *Limits) error {
	if err := checkText("the kind", s.Kind, MaxKind); err != nil {
		return err
	}
	return checkBody(s.Body, l.Body)
}
