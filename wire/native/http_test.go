package native

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCursors(t *testing.T) {
	for text, want := range map[string][]*Join{
		"":        nil,
		"general": {{Room: "general"}},
		"general:1042,dev:-7:k3": {
			{Room: "general", Since: 1042, Replay: true}, {Room: "dev", Since: -7, Replay: true, Epoch: "k3"}},
		"a%2Cb%3A%25:0,%D0%B6:1": {{Room: "a,b:%", Replay: true}, {Room: "ж", Since: 1, Replay: true}},
	} {
		got, err := ParseCursors(text)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
		var parts []string
		for _, j := range got {
			parts = append(parts, string(j.AppendCursor(nil)))
		}
		if again := strings.Join(parts, ","); again != text {
			t.Errorf("%s came back as %s", text, again)
		}
	}
	for _, text := range []string{",", "a,", ":1", "a:x", "a:1.5", "a%2", "a%zz", "a,a", "a\x00", "a:1:\x07", "%ff", strings.Repeat("a", MaxRoom+1)} {
		if got, err := ParseCursors(text); err == nil {
			t.Errorf("%q was taken as %v", text, got)
		}
	}
}

func TestSplit(t *testing.T) {
	for text, want := range map[string][]string{
		`{"a":[1]}`:                  {`{"a":[1]}`},
		`nonsense`:                   {`nonsense`},
		` [ {"a":1} , 2,"],"] `:      {`{"a":1}`, `2`, `"],"`},
		`[]`:                         nil,
		`[[` + deep(MaxDepth) + `]]`: {`[` + deep(MaxDepth) + `]`},
	} {
		objects, array, ok := Split([]byte(text))
		var got []string
		for _, o := range objects {
			got = append(got, string(o))
		}
		if strings.HasPrefix(text, "[[") {
			if ok {
				t.Error("an object that nests too deep was taken")
			}
			continue
		}
		if diff := cmp.Diff(want, got); diff != "" || !ok || array != strings.Contains(text[:2], "[") {
			t.Errorf("%s: %v %v\n%s", text, array, ok, diff)
		}
	}
	for _, text := range []string{`[`, `[1`, `[1,]`, `[1]x`, `[,]`, `[1 2]`} {
		if _, _, ok := Split([]byte(text)); ok {
			t.Errorf("%s was taken", text)
		}
	}
}

func deep(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }

func FuzzCursors(f *testing.F) {
	f.Add("general:1042:k3,dev:7")
	f.Add("%D0%B6:-1,a")
	f.Fuzz(func(t *testing.T, text string) {
		joins, err := ParseCursors(text)
		if err != nil {
			return
		}
		for _, j := range joins {
			again, err := ParseCursors(string(j.AppendCursor(nil)))
			if err != nil {
				t.Fatalf("%+v: %v", j, err)
			}
			if !j.Replay {
				j.Epoch = "" // an epoch of no position says nothing
			}
			if diff := cmp.Diff([]*Join{j}, again); diff != "" {
				t.Fatal(diff)
			}
		}
	})
}

func FuzzSplit(f *testing.F) {
	f.Add([]byte(`[{"type":"ping"},{"type":"send","room":"r","body":[]}]`))
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, array, ok := Split(text)
		if !ok || !array {
			return
		}
		again, _, ok := Split(AppendArray(nil, objects))
		if diff := cmp.Diff(objects, again); diff != "" || !ok {
			t.Fatal(diff)
		}
	})
}
