package autobahn

import (
	"bufio"
	"maps"
	"net"
	"slices"
	"strings"
	"testing"
)

// TestHold: a case tells an echo that says what it should from those that do not, whichever side it
// plays.
func TestHold(t *testing.T) {
	c := Case{In: []Frame{hello}, Out: []Frame{hello}}
	bye := Close(1000, "")
	tests := []struct {
		name  string
		says  []Frame
		wrong string // part of the error; "" if there is none
	}{
		{"the right thing", []Frame{hello, bye}, ""},
		{"another message", []Frame{{0x81, "hello"}, bye}, "answer 0 is"},
		{"a message of another kind", []Frame{{0x82, hello.Payload}, bye}, "answer 0 is"},
		{"nothing", nil, "answer 0: EOF"},
		{"no close", []Frame{hello}, "close frame 1000: EOF"},
		{"another close", []Frame{hello, Close(1002, "")}, "not a close frame with 1000"},
		{"half a code", []Frame{hello, {0x88, "a"}}, "not a close frame with 1000"},
		{"more after the close", []Frame{hello, bye, hello}, "after the close frame"},
	}
	for _, tt := range tests {
		for _, client := range []bool{true, false} {
			if !client && len(tt.says) > 2 {
				continue // there the peer ends the connection
			}
			got := hold(c, client, client, tt.says)
			if tt.wrong == "" && got != "" || !strings.Contains(got, tt.wrong) {
				t.Errorf("%s, client %v: %q", tt.name, client, got)
			}
		}
	}
	if got := hold(c, true, false, []Frame{hello, bye}); !strings.Contains(got, "masked") {
		t.Errorf("a server that masks: %q", got)
	}
}

// hold returns what the case has against an echo that says these frames.
func hold(c Case, client, plain bool, says []Frame) string {
	near, far := net.Pipe()
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		br := bufio.NewReader(far)
		for range 2 { // the message and the close
			if _, err := Read(br, client); err != nil {
				return
			}
		}
		var b []byte
		for _, f := range says {
			b = f.Append(b, !plain)
		}
		_, _ = far.Write(b)
		_ = far.Close()
	}()
	err := c.Hold(near, bufio.NewReader(near), client)
	_ = far.Close()
	<-heard
	if err != nil {
		return err.Error()
	}
	return ""
}

// TestNames: every case has a name of its own, and says something; and the suite's are all there.
func TestNames(t *testing.T) {
	var names []string
	sections := map[string]int{}
	for _, c := range append(Cases(), Limits()...) {
		if len(c.In) == 0 || c.Lack > 0 && c.End == 0 {
			t.Errorf("%s has no sense: %+v", c.Name, c)
		}
		names = append(names, c.Name)
		section, _, _ := strings.Cut(c.Name, ".")
		sections[section]++
	}
	slices.Sort(names)
	if n := len(names); n != len(slices.Compact(names)) {
		t.Errorf("%d cases, some of the same name", n)
	}
	// The suite's own, and in 7 four codes more.
	want := map[string]int{"1": 16, "2": 11, "3": 7, "4": 10, "5": 20, "6": 145, "7": 37 + 4, "9": 54, "10": 1}
	if !maps.Equal(sections, want) {
		t.Errorf("cases of each section: %v", sections)
	}
}

func TestZlib(t *testing.T) {
	a, b := &Zlib{DeflateTakeover: true}, &Zlib{InflateTakeover: true}
	var sizes []int
	for range 2 {
		z := a.Deflate(Chat(1000, 1))
		sizes = append(sizes, len(z))
		if got, err := b.Inflate(z); err != nil || got != Chat(1000, 1) {
			t.Fatalf("%d bytes, %v", len(got), err)
		}
	}
	if sizes[1] > sizes[0]/4 {
		t.Errorf("with takeover the same again takes %d of %d bytes", sizes[1], sizes[0])
	}
}
