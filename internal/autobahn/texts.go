package autobahn

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	kosme  = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5"
	edited = kosme + "\xed\xa0\x80edited" // with half of a surrogate pair
)

// texts is 6: what is UTF-8 and what is not, and how soon that is said.
func texts() []Case {
	good := "Hello-µ@ßöäüàá-UTF-8!!"
	beyond := "\xf4\x90\x80\x80" // one above the last code point
	list := []Case{
		{Name: "6.1.1", In: Frames(0x81, ""), Out: Frames(0x81, "")},
		{Name: "6.1.2", In: Frames(0x01, "", 0x00, "", 0x80, ""), Out: Frames(0x81, "")},
		{Name: "6.1.3", In: Frames(0x01, "", 0x00, "middle", 0x80, ""), Out: Frames(0x81, "middle")},
		{Name: "6.2.1", In: Frames(0x81, good), Out: Frames(0x81, good)},
		{Name: "6.2.2", In: fragments(0x01, good, 12), Out: Frames(0x81, good)},
		{Name: "6.2.3", In: fragments(0x01, good, 1), Out: Frames(0x81, good)},
		{Name: "6.2.4", In: fragments(0x01, kosme, 1), Out: Frames(0x81, kosme)},
		{Name: "6.3.1", In: Frames(0x81, edited), End: 1007},
		{Name: "6.3.2", In: fragments(0x01, edited, 1), End: 1007},
		// The rest never comes: the answer must not wait for it.
		{Name: "6.4.1", In: Frames(0x01, kosme, 0x00, beyond), End: 1007},
		{Name: "6.4.2", In: Frames(0x01, kosme+"\xf4", 0x00, "\x90"), End: 1007},
		{Name: "6.4.3", In: Frames(0x81, kosme+beyond+"edited"), End: 1007, Lack: len("edited")},
		{Name: "6.4.4", In: Frames(0x81, kosme+beyond+"edited"), End: 1007, Lack: len("\x80\x80edited"), Chop: 1},
	}
	for group, sequences := range sequences() {
		for i, s := range sequences {
			c := echoed(fmt.Sprintf("6.%d.%d", group+5, i+1), Frame{0x81, s})
			if !utf8.ValidString(s) {
				c.Out, c.End = nil, 1007
			}
			list = append(list, c)
		}
	}
	return list
}

// sequences are the texts of 6.5 to 6.23.
func sequences() [][]string {
	var prefixes, planes []string
	for i := range len(kosme) {
		prefixes = append(prefixes, kosme[:i+1])
	}
	for plane := range 17 {
		planes = append(planes, string(rune(plane<<16|0xfffe)), string(rune(plane<<16|0xffff)))
	}
	incomplete := []string{"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
		"\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"}
	return [][]string{
		{"hello$world", "hello\u00a2world", "hello\u20acworld", "hello\U00024b62world", kosme},
		prefixes,
		{"\x00", "\u0080", "\u0800", "\U00010000"},
		{"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"},
		{"\x7f", "\u07ff", "\uffff", "\U0010ffff"},
		{"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"},
		{"\ud7ff", "\ue000", "\ufffd", "\U0010ffff", "\xf4\x90\x80\x80"},
		{"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80", "\x80\xbf\x80\xbf\x80\xbf", everyByte(0x80, 0xbf, "")},
		{everyByte(0xc0, 0xdf, " "), everyByte(0xe0, 0xef, " "), everyByte(0xf0, 0xf7, " "), everyByte(0xf8, 0xfb, " "), everyByte(0xfc, 0xfd, " ")},
		incomplete,
		{strings.Join(incomplete, "")},
		{"\xfe", "\xff", "\xfe\xfe\xff\xff"},
		{"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"},
		{"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"},
		{"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"},
		{"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80", "\xed\xbf\xbf"},
		{"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80", "\xed\xad\xbf\xed\xbf\xbf",
			"\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf", "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"},
		planes,
		{"\ufff9", "\ufffa", "\ufffb", "\ufffc", "\ufffd", "\ufffe", "\uffff"},
	}
}

// everyByte is all bytes of a range, each followed by the same.
func everyByte(from, to byte, then string) string {
	var b strings.Builder
	for c := int(from); c <= int(to); c++ {
		b.WriteByte(byte(c))
		b.WriteString(then)
	}
	return b.String()
}
