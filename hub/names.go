package hub

import (
	"fmt"
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

// CheckName returns nil if name can be a user's: at most MaxName bytes of UTF-8 without control
// characters.
func CheckName(name string) error { return checkText("a user's name", name, MaxName) }

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
