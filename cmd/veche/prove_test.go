package main

import (
	"bytes"
	"strings"
	"testing"
)

func TestProveSchedule(t *testing.T) {
	schedule := func(args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = run(append([]string{"prove", "--schedule"}, args...), nil, &out, &errs)
		return code, out.String(), errs.String()
	}
	code, seven, _ := schedule("--seed", "7")
	if _, again, _ := schedule("--seed", "7"); code != exitOK || seven != again || strings.Count(seven, "\n") < 200 {
		t.Errorf("exit code %d, the same again: %v\n%s", code, seven == again, seven)
	}
	if _, eight, _ := schedule("--seed", "8"); eight == seven {
		t.Error("another seed gives the same schedule")
	}
	if _, kills, _ := schedule("--seed", "7", "--faults", "kill"); strings.Count(kills, "kill") != strings.Count(kills, "\n") {
		t.Errorf("not only what was asked for:\n%s", kills)
	}
	for _, wrong := range [][]string{{"--faults", "earthquake"}, {"--doors", "window"}, {"--minutes", "0.1"}} {
		if code, _, stderr := schedule(wrong...); code != exitFailed || !strings.Contains(stderr, "prove: ") {
			t.Errorf("%v: exit code %d, %s", wrong, code, stderr)
		}
	}
}

func TestLoadDoors(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run([]string{"load", "--door", "window"}, nil, &out, &errs); code != exitFailed || !strings.Contains(errs.String(), "socketio-polling") {
		t.Errorf("exit code %d, %s", code, errs.String())
	}
}
