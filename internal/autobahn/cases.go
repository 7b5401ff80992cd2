package autobahn

import (
	"fmt"
	"strings"
)

// Cases returns the cases 1 to 7 and 10.
func Cases() []Case {
	var all []Case
	for _, group := range []func() []Case{framing, pings, reserved, fragmentation, texts, closing, misc} {
		all = append(all, group()...)
	}
	return all
}

// Frames spells a list of frames: alternately first byte and payload.
func Frames(v ...any) (list []Frame) {
	for i := 0; i < len(v); i += 2 {
		list = append(list, Frame{byte(v[i].(int)), v[i+1].(string)})
	}
	return list
}

// fragments is a message in frames of size bytes.
func fragments(first byte, s string, size int) (list []Frame) {
	for len(s) > size {
		list = append(list, Frame{first, s[:size]})
		first, s = 0, s[size:]
	}
	return append(list, Frame{first | 0x80, s})
}

// echoed is a case whose frames come back as they are.
func echoed(name string, f ...Frame) Case { return Case{Name: name, In: f, Out: f} }

var (
	hello = Frame{0x81, "Hello, world!"}
	big   = strings.Repeat("*", 65536)
)

// framing is 1: messages of all forms of length.
func framing() (list []Case) {
	for i, n := range []int{0, 125, 126, 127, 128, 65535, 65536} {
		list = append(list, echoed(fmt.Sprintf("1.1.%d", i+1), Frame{0x81, big[:n]}),
			echoed(fmt.Sprintf("1.2.%d", i+1), Frame{0x82, strings.Repeat("\xfe", n)}))
	}
	return append(list,
		Case{Name: "1.1.8", In: Frames(0x81, big), Out: Frames(0x81, big), Chop: 997},
		Case{Name: "1.2.8", In: Frames(0x82, big), Out: Frames(0x82, big), Chop: 997})
}

// pings is 2.
func pings() []Case {
	p125 := strings.Repeat("\xfe", 125)
	var ten, tenPongs []Frame
	for i := range 10 {
		ten = append(ten, Frame{0x89, fmt.Sprint("payload-", i)})
		tenPongs = append(tenPongs, Frame{0x8a, fmt.Sprint("payload-", i)})
	}
	return []Case{
		{Name: "2.1", In: Frames(0x89, ""), Out: Frames(0x8a, "")},
		{Name: "2.2", In: Frames(0x89, "Hello, world!"), Out: Frames(0x8a, "Hello, world!")},
		{Name: "2.3", In: Frames(0x89, "\x00\xff\xfe\xfd"), Out: Frames(0x8a, "\x00\xff\xfe\xfd")},
		{Name: "2.4", In: Frames(0x89, p125), Out: Frames(0x8a, p125)},
		{Name: "2.5", In: Frames(0x89, p125+"x"), End: 1002},
		{Name: "2.6", In: Frames(0x89, p125), Out: Frames(0x8a, p125), Chop: 1},
		{Name: "2.7", In: Frames(0x8a, "")},
		{Name: "2.8", In: Frames(0x8a, "unsolicited")},
		{Name: "2.9", In: Frames(0x8a, "unsolicited", 0x89, "x"), Out: Frames(0x8a, "x")},
		{Name: "2.10", In: ten, Out: tenPongs},
		{Name: "2.11", In: ten, Out: tenPongs, Chop: 1},
	}
}

// reserved is 3 and 4: bits and opcodes that nobody has agreed on.
func reserved() []Case {
	behind := func(first int) []Frame { return append([]Frame{hello}, Frames(first, "x", 0x89, "")...) }
	list := []Case{
		{Name: "3.1", In: Frames(0x81|0x10, "x"), End: 1002},
		{Name: "3.2", In: behind(0x81 | 0x20), Out: []Frame{hello}, End: 1002},
		{Name: "3.3", In: behind(0x81 | 0x30), Out: []Frame{hello}, End: 1002, Chop: AtOnce},
		{Name: "3.4", In: behind(0x81 | 0x40), Out: []Frame{hello}, End: 1002, Chop: 1},
		{Name: "3.5", In: Frames(0x82|0x50, "\x00"), End: 1002},
		{Name: "3.6", In: Frames(0x89|0x60, "x"), End: 1002},
		{Name: "3.7", In: Frames(0x88|0x70, ""), End: 1002},
	}
	for i, op := range []int{3, 4, 5, 6, 7} {
		list = append(list,
			Case{Name: fmt.Sprintf("4.1.%d", i+1), In: append([]Frame{hello}, Frames(0x80|op, "x"[:i%2])...), Out: []Frame{hello}, End: 1002},
			Case{Name: fmt.Sprintf("4.2.%d", i+1), In: append([]Frame{hello}, Frames(0x88|op, "x"[:i%2])...), Out: []Frame{hello}, End: 1002, Chop: i % 2})
	}
	return list
}

// fragmentation is 5.
func fragmentation() []Case {
	f1, f2, whole := "fragment1", "fragment2", "fragment1fragment2"
	two := Frames(0x01, f1, 0x80, f2)
	pinged := Frames(0x01, f1, 0x89, "p", 0x80, f2)
	answered := Frames(0x8a, "p", 0x81, whole)
	none := Frames(0x80, "none", 0x81, "Hello")
	noneOpen := Frames(0x00, "none", 0x81, "Hello")
	again := Frames(0x00, f1, 0x01, f1, 0x80, f2)
	five := Frames(0x01, "f1", 0x00, "f2", 0x89, "p1", 0x00, "f3", 0x00, "f4", 0x89, "p2", 0x80, "f5")
	fiveOut := Frames(0x8a, "p1", 0x8a, "p2", 0x81, "f1f2f3f4f5")
	return []Case{
		{Name: "5.1", In: Frames(0x09, f1, 0x80, f2), End: 1002},
		{Name: "5.2", In: Frames(0x0a, f1, 0x80, f2), End: 1002},
		{Name: "5.3", In: two, Out: Frames(0x81, whole), Chop: AtOnce},
		{Name: "5.4", In: two, Out: Frames(0x81, whole)},
		{Name: "5.5", In: two, Out: Frames(0x81, whole), Chop: 1},
		{Name: "5.6", In: pinged, Out: answered, Chop: AtOnce},
		{Name: "5.7", In: pinged, Out: answered},
		{Name: "5.8", In: pinged, Out: answered, Chop: 1},
		{Name: "5.9", In: none, End: 1002, Chop: AtOnce},
		{Name: "5.10", In: none, End: 1002},
		{Name: "5.11", In: none, End: 1002, Chop: 1},
		{Name: "5.12", In: noneOpen, End: 1002, Chop: AtOnce},
		{Name: "5.13", In: noneOpen, End: 1002},
		{Name: "5.14", In: noneOpen, End: 1002, Chop: 1},
		{Name: "5.15", In: Frames(0x01, f1, 0x80, f2, 0x00, "f3", 0x81, "f4"), Out: Frames(0x81, whole), End: 1002},
		{Name: "5.16", In: again, End: 1002},
		{Name: "5.17", In: append(Frames(0x80, f1), again...), End: 1002},
		{Name: "5.18", In: Frames(0x01, f1, 0x81, f2), End: 1002},
		{Name: "5.19", In: five, Out: fiveOut},
		{Name: "5.20", In: five, Out: fiveOut, Chop: 1},
	}
}

// closing is 7.
func closing() []Case {
	bye := Close(1000, "")
	with := func(before []Frame, after ...Frame) []Frame { return append(append(before, bye), after...) }
	list := []Case{
		{Name: "7.1.1", In: []Frame{hello}, Out: []Frame{hello}},
		{Name: "7.1.2", In: with(nil, bye), End: 1000},
		{Name: "7.1.3", In: with(nil, Frame{0x89, "x"}), End: 1000},
		{Name: "7.1.4", In: with(nil, hello), End: 1000},
		{Name: "7.1.5", In: with(Frames(0x01, "fragment1"), Frame{0x80, "fragment2"}), End: 1000},
		{Name: "7.1.6", In: with(Frames(0x82, big), hello, bye, Frame{0x89, ""}), Out: Frames(0x82, big), End: 1000},
		{Name: "7.3.1", In: Frames(0x88, ""), End: NoStatus},
		{Name: "7.3.2", In: Frames(0x88, "a"), End: 1002},
		{Name: "7.3.3", In: []Frame{bye}, End: 1000},
		{Name: "7.3.4", In: []Frame{Close(1000, "Hello World!")}, End: 1000},
		{Name: "7.3.5", In: []Frame{Close(1000, big[:123])}, End: 1000},
		{Name: "7.3.6", In: []Frame{Close(1000, big[:124])}, End: 1002},
		{Name: "7.5.1", In: []Frame{Close(1000, edited)}, End: 1007},
	}
	// 1012 to 1014 were registered after the suite was written.
	for i, code := range []uint16{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999, 1012, 1013, 1014} {
		list = append(list, Case{Name: fmt.Sprintf("7.7.%d", i+1), In: []Frame{Close(code, "")}, End: code})
	}
	for i, code := range []uint16{0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999, 1015} {
		list = append(list, Case{Name: fmt.Sprintf("7.9.%d", i+1), In: []Frame{Close(code, "")}, End: 1002})
	}
	for i, code := range []uint16{5000, 65535} {
		list = append(list, Case{Name: fmt.Sprintf("7.13.%d", i+1), In: []Frame{Close(code, "")}, End: 1002})
	}
	return list
}

// misc is 10.
func misc() []Case {
	return []Case{{Name: "10.1.1", In: fragments(0x01, big, 1300), Out: Frames(0x81, big)}}
}
