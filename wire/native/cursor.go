package native

import (
	"strconv"
	"strings"
)

// ParseCursors reads ROOM[:SEQ[:EPOCH]], several joined by commas, names percent-encoded: each as the
// join that goes on from there. Its error is a *DecodeError.
func ParseCursors(text string) ([]*Join, error) {
	if text == "" {
		return nil, nil
	}
	var all []*Join
	seen := make(map[string]bool)
	for cursor := range strings.SplitSeq(text, ",") {
		j, err := parseCursor(cursor)
		if err != nil {
			return nil, err
		}
		if seen[j.Room] {
			return nil, &DecodeError{Reason: "a room is named twice"}
		}
		seen[j.Room] = true
		all = append(all, j)
	}
	return all, nil
}

func parseCursor(text string) (*Join, error) {
	room, rest, _ := strings.Cut(text, ":")
	since, epoch, _ := strings.Cut(rest, ":")
	room, ok := unescaped(room)
	if !ok {
		return nil, &DecodeError{Reason: "room is not percent-encoded"}
	}
	if epoch, ok = unescaped(epoch); !ok {
		return nil, &DecodeError{Reason: "epoch is not percent-encoded"}
	}
	return ParseJoin(room, since, epoch)
}

// unescaped undoes percent-encoding.
func unescaped(s string) (string, bool) {
	plain, rest, escaped := strings.Cut(s, "%")
	if !escaped {
		return s, true
	}
	var b strings.Builder
	for ; escaped; plain, rest, escaped = strings.Cut(rest, "%") {
		b.WriteString(plain)
		if len(rest) < 2 {
			return "", false
		}
		c, err := strconv.ParseUint(rest[:2], 16, 8)
		if err != nil {
			return "", false
		}
		b.WriteByte(byte(c))
		rest = rest[2:]
	}
	b.WriteString(plain)
	return b.String(), true
}

// AppendCursor appends the join as a cursor.
func (j *Join) AppendCursor(b []byte) []byte {
	b = appendEscaped(b, j.Room)
	if !j.Replay {
		return b
	}
	b = strconv.AppendInt(append(b, ':'), j.Since, 10)
	if j.Epoch != "" {
		b = appendEscaped(append(b, ':'), j.Epoch)
	}
	return b
}

// appendEscaped percent-encodes all but what neither a query, nor a header, nor a cursor minds
// (RFC 3986, section 2.3).
func appendEscaped(b []byte, s string) []byte {
	const digits = "0123456789ABCDEF"
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', strings.IndexByte("-._~", c) >= 0:
			b = append(b, c)
		default:
			b = append(b, '%', digits[c>>4], digits[c&15])
		}
	}
	return b
}
