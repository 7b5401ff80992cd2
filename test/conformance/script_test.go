// What is said in the cases of compression.

package conformance

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"

	"github.com/vechehq/veche/internal/autobahn"
)

const (
	// aThousand is how many messages a case of the suite has.
	aThousand = 1000
	// enough is how many bytes of messages a case has at most here, so that those of 32 KiB have 512
	// messages, and those of 128 KiB have 128, unless the variable named whole is set to anything.
	enough = 16 << 20
	whole  = "WHOLE"
)

// line is a message as it is, and as a peer compresses it that has a context of its own in any case.
type line struct {
	first         byte // of its frame
	plain, packed string
}

// sayer makes a message of at least so many bytes.
type sayer struct {
	first byte
	make  func(b *strings.Builder, size int, r *rand.Rand)
}

// script is the messages of a case, each of so many bytes.
func (s sayer) script(size int) []line {
	n := aThousand
	if os.Getenv(whole) == "" {
		n = min(n, enough/size)
	}
	r := rand.New(rand.NewPCG(1, uint64(size)))
	z := &autobahn.Zlib{DeflateTakeover: true}
	list := make([]line, n)
	for i := range list {
		var b strings.Builder
		s.make(&b, size, r)
		plain := b.String()[:size]
		if s.first == text {
			plain = wholeRunes(plain)
		}
		list[i] = line{s.first, plain, z.Deflate(plain)}
	}
	return list
}

// wholeRunes puts a letter in place of a character that is cut off at the end.
func wholeRunes(s string) string {
	valid := strings.ToValidUTF8(s, "")
	return valid + strings.Repeat("x", len(s)-len(valid))
}

// First bytes of frames that are compressed and whole.
const (
	text   = 0xC1
	binary = 0xC2
)

// chat is JSON.
var chat = sayer{text, func(b *strings.Builder, size int, r *rand.Rand) {
	for b.Len() < size {
		b.WriteString(autobahn.Chat(256, r.Uint64()))
	}
}}

// picture is bytes that do not compress well.
var picture = sayer{binary, func(b *strings.Builder, size int, r *rand.Rand) {
	for range size {
		b.WriteByte(byte(r.IntN(40)))
	}
}}

// prose is words.
var prose = sayer{binary, func(b *strings.Builder, size int, r *rand.Rand) {
	for b.Len() < size {
		b.WriteString(words[r.IntN(len(words))] + " ,.;\n"[r.IntN(5):][:1])
	}
}}

var words = strings.Fields("the assembly of all who live in the town meets at the bell and everyone may speak until all have been heard")

// markup is a text that repeats itself.
var markup = sayer{text, func(b *strings.Builder, size int, r *rand.Rand) {
	for b.Len() < size {
		fmt.Fprintf(b, "<li class=\"message\" id=\"m%d\"><b>%d</b>\n", r.IntN(1000), r.IntN(10))
	}
}}

// document is markup, and streams that are compressed already.
var document = sayer{binary, func(b *strings.Builder, size int, r *rand.Rand) {
	for b.Len() < size {
		fmt.Fprintf(b, "%d 0 obj <</Type /Page /Length 500>> stream\n", r.IntN(100))
		for range 500 {
			b.WriteByte(byte(r.Uint32()))
		}
	}
}}
