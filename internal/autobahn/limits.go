package autobahn

import (
	"fmt"
	"slices"
	"strings"
)

// Limits returns the cases 9: messages of up to 16 MiB, in many fragments and in many writes, and a
// thousand of small ones.
func Limits() (list []Case) {
	for i, kind := range []struct {
		first byte
		unit  string
	}{{0x81, "BAsd7&jh23"}, {0x82, "\x00\xff\xfe\xfd"}} {
		message := func(size int) string { return strings.Repeat(kind.unit, size/len(kind.unit)+1)[:size] }
		for n, size := range []int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20} {
			list = append(list, echoed(fmt.Sprintf("9.%d.%d", i+1, n+1), Frame{kind.first, message(size)}))
		}
		four := message(4 << 20)
		for n, size := range []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20} {
			list = append(list, Case{Name: fmt.Sprintf("9.%d.%d", i+3, n+1),
				In: fragments(kind.first&0xf, four, size), Out: []Frame{{kind.first, four}}})
		}
		one := Frame{kind.first, message(1 << 20)}
		for n, chop := range []int{64, 128, 256, 512, 1024, 2048} {
			list = append(list, Case{Name: fmt.Sprintf("9.%d.%d", i+5, n+1), In: []Frame{one}, Out: []Frame{one}, Chop: chop})
		}
		for n, size := range []int{0, 16, 64, 256, 1024, 4096} {
			list = append(list, echoed(fmt.Sprintf("9.%d.%d", i+7, n+1), slices.Repeat([]Frame{{kind.first, message(size)}}, 1000)...))
		}
	}
	return list
}
