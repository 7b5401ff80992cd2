// Bodies: each says which message it is, and is long enough to be torn.

package prove

import (
	"fmt"
	"strconv"
	"strings"
)

// body is that of a client's n-th message.
func body(client, n int) string {
	h := uint32(client)*2654435761 ^ uint32(n)*2246822519
	return fmt.Sprintf("%d.%d.%08x", client, n, h) + strings.Repeat("~", n*7%97)
}

// parse reads a body, and reports whether it is exactly what was sent.
func parse(text string) (client, n int, ok bool) {
	a, rest, _ := strings.Cut(text, ".")
	b, _, _ := strings.Cut(rest, ".")
	client, errA := strconv.Atoi(a)
	n, errB := strconv.Atoi(b)
	return client, n, errA == nil && errB == nil && body(client, n) == text
}
