package hub

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite what the stories expect")

// TestStories plays the scripts in testdata against the pure machine. A line is a command; the lines
// after it that begin with "> " are what it says. testdata/README.md lists the commands.
func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/*.story")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".story"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *update {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the story goes otherwise (-want +got):\n%s", diff)
			}
		})
	}
}

func play(t *testing.T, script string) string {
	var out strings.Builder
	st := newStage()
	for line := range strings.Lines(script) {
		if strings.HasPrefix(line, "> ") {
			continue
		}
		out.WriteString(line)
		words := strings.Fields(line)
		if len(words) == 0 || words[0] == "#" {
			continue
		}
		said, err := st.do(words[0], words[1:])
		if err != nil {
			t.Fatalf("%q: %v", strings.TrimSpace(line), err)
		}
		for _, s := range said {
			fmt.Fprintf(&out, "> %s\n", s)
		}
		st.check(t, line)
	}
	return out.String()
}

// stage is a room with a store that never forgets and actors whose outboxes are real.
type stage struct {
	limits Limits
	room   *room
	stored map[uint64]*Message
	actors map[string]*actor
	pages  []page
}

type actor struct {
	member
	limits  *Limits
	outbox  outbox
	stalled bool
}

func (a *actor) push(ev Event, size int, c class) bool {
	return a.outbox.push(a.limits, item{event: ev, size: size, class: c})
}
func (a *actor) space() int { return a.outbox.space(a.limits) }
func (a *actor) stall()     { a.stalled = true }

func newStage() *stage {
	s := &stage{stored: make(map[uint64]*Message), actors: make(map[string]*actor)}
	s.limits = Limits{}.withDefaults()
	s.room = newRoom("r", &s.limits)
	s.room.load(RoomState{Epoch: "e", First: 1}, nil, nil)
	return s
}

func (s *stage) do(cmd string, args []string) ([]string, error) {
	pos, opts := split(args)
	switch cmd {
	case "outbox":
		s.limits.Outbox = number(pos[0])
	case "log":
		return nil, s.fillLog(pos[0], opts)
	case "join":
		return s.join(pos[0], opts), nil
	case "commit":
		seq := s.top() + 1
		return s.commit(seq, pos), nil
	case "elsewhere": // another node commits
		s.store(s.top()+1, pos[0], strings.Join(pos[1:], " "))
		return nil, nil
	case "hear":
		return s.want(s.room.hear(uint64(number(pos[0])))), nil
	case "page":
		return s.page(), nil
	case "take":
		return s.take(pos), nil
	case "signal":
		s.room.signal(&Signal{Room: "r", From: user(pos[0]).ID, Kind: pos[1]}, pos[0])
	case "receipt":
		rc := Receipt{Room: "r", User: pos[0], Received: uint64(number(opts["received"])), Read: uint64(number(opts["read"]))}
		now, rose := s.room.marks.raise(rc, s.room.log.head)
		return []string{fmt.Sprintf("rose=%v received=%d read=%d", rose, now.Received, now.Read)}, nil
	case "beat":
		s.room.beat()
	case "news":
		return tellNews(s.room.who.flushNews("r")), nil
	case "whole":
		return tellNews(s.room.who.wholeNews("r")), nil
	case "node":
		s.room.who.hear(pos[0], s.heard(opts))
	case "sweep":
		s.room.who.sweep()
	case "rename":
		a := s.actors[pos[0]]
		s.room.rename(&a.member, User{ID: a.user.ID, Name: pos[1]})
	case "leave":
		s.room.leave(&s.actors[pos[0]].member)
	case "restart":
		clear(s.stored)
		s.room.restart(RoomState{Epoch: pos[0], First: 1})
	default:
		return nil, fmt.Errorf("no such command")
	}
	return nil, nil
}

// fillLog begins with a log that is as the store has it, before anybody joins.
func (s *stage) fillLog(span string, opts map[string]string) error {
	first, last, ok := strings.Cut(span, "..")
	if !ok {
		return fmt.Errorf("want FIRST..LAST")
	}
	state := RoomState{Epoch: "e", First: uint64(number(first)), Head: uint64(number(last))}
	var newest []*Message
	tail := uint64(number(opts["tail"]))
	for seq := state.First; seq <= state.Head; seq++ {
		s.store(seq, "old", "m"+strconv.FormatUint(seq, 10))
		if seq+tail > state.Head {
			newest = append(newest, s.stored[seq])
		}
	}
	s.room.load(state, newest, nil)
	return nil
}

func (s *stage) join(id string, opts map[string]string) []string {
	a, again := s.actors[id]
	if !again {
		a = &actor{limits: &s.limits}
		a.member = member{id: id, user: user(id), out: a}
		s.actors[id] = a
	}
	o := JoinOptions{Epoch: opts["epoch"]}
	if since, ok := opts["since"]; ok {
		o.Replay, o.Since = true, int64(number(since))
	}
	if opts["lag"] == "catchup" {
		o.Lag = LagCatchUp
	}
	j := s.room.join(&a.member, o)
	said := []string{fmt.Sprintf("joined head=%d epoch=%s recovered=%v count=%d", j.Head, j.Epoch, j.Recovered, j.Count)}
	return append(said, s.want(s.room.start(&a.member))...)
}

func (s *stage) commit(seq uint64, pos []string) []string {
	m := s.store(seq, user(pos[0]).ID, strings.Join(pos[1:], " "))
	if a := s.actors[pos[0]]; a != nil && pos[len(pos)-1] == "quiet" {
		a.quiet = map[uint64]struct{}{seq: {}}
	}
	return s.want(s.room.learn([]*Message{m}))
}

func (s *stage) store(seq uint64, from, text string) *Message {
	m := &Message{Room: "r", Seq: seq, From: from, Body: Body{Format: Text, Data: []byte(text)}}
	s.stored[seq] = m
	return m
}

func (s *stage) top() (top uint64) {
	top = s.room.log.head
	for seq := range s.stored {
		top = max(top, seq)
	}
	return top
}

func (s *stage) want(pages []page) []string {
	s.pages = append(s.pages, pages...)
	var said []string
	for _, p := range pages {
		who := "the room"
		if p.member != nil {
			who = p.member.id
		}
		said = append(said, fmt.Sprintf("read %d..%d for %s", p.from, p.to, who))
	}
	return said
}

// page answers the oldest read.
func (s *stage) page() []string {
	p := s.pages[0]
	s.pages = s.pages[1:]
	var msgs []*Message
	for seq := p.from; seq <= p.to; seq++ {
		if m, ok := s.stored[seq]; ok {
			msgs = append(msgs, m)
		}
	}
	if p.member == nil {
		return s.want(s.room.fill(msgs))
	}
	return s.want(s.room.page(p.member, p, msgs))
}

// take empties an actor's outbox, or takes so many events of it, and lets the room go on.
func (s *stage) take(pos []string) []string {
	a := s.actors[pos[0]]
	n := a.outbox.len()
	if len(pos) > 1 {
		n = min(n, number(pos[1]))
	}
	var said []string
	for _, ev := range a.outbox.take(make([]Event, 0, n), 1<<30) {
		said = append(said, tellEvent(ev))
	}
	if a.outbox.len() == 0 && a.stalled {
		a.stalled = false
		said = append(said, s.want(s.room.drained(&a.member))...)
	}
	return said
}

// heard is what another node tells of who is there.
func (s *stage) heard(opts map[string]string) *Presence {
	ev := &Presence{Room: "r"}
	list := func(names string) (us []User) {
		for name := range strings.SplitSeq(names, ",") {
			if name != "" {
				us = append(us, user(name))
			}
		}
		return us
	}
	ev.Joined, ev.Left = list(opts["joined"]), list(opts["left"])
	if all, whole := opts["whole"]; whole {
		ev.Whole, ev.Joined = true, list(all)
	}
	return ev
}

func tellNews(p *Presence) []string {
	if p == nil {
		return nil
	}
	return []string{fmt.Sprintf("whole=%v joined=%s left=%s", p.Whole, names(p.Joined), ids(p.Left))}
}

func ids(us []User) string {
	var s []string
	for _, u := range us {
		s = append(s, u.ID)
	}
	return "[" + strings.Join(s, " ") + "]"
}

func tellEvent(ev Event) string {
	switch ev := ev.(type) {
	case *Message:
		return fmt.Sprintf("message %d %s: %s", ev.Seq, ev.From, ev.Body.Data)
	case *Signal:
		return fmt.Sprintf("signal %s %s", ev.From, ev.Kind)
	case *Presence:
		return fmt.Sprintf("presence whole=%v joined=%s left=%s count=%d", ev.Whole, names(ev.Joined), names(ev.Left), ev.Count)
	case *ReceiptEvent:
		return fmt.Sprintf("receipt %s received=%d read=%d", ev.User, ev.Received, ev.Read)
	case *Gap:
		return fmt.Sprintf("gap %d..%d %s", ev.From, ev.To, ev.Why)
	}
	return fmt.Sprintf("%T", ev)
}

func names(us []User) string {
	var s []string
	for _, u := range us {
		s = append(s, u.Name)
	}
	return "[" + strings.Join(s, " ") + "]"
}

// check holds the invariants against the machine, after every line of every story.
func (s *stage) check(t *testing.T, line string) {
	l := &s.room.log
	if l.first > l.head+1 {
		t.Errorf("after %q: first %d > head+1 %d", line, l.first, l.head+1)
	}
	for i, m := range l.tail {
		if want := l.head - uint64(len(l.tail)) + 1 + uint64(i); m.Seq != want {
			t.Errorf("after %q: tail[%d] is %d, not %d", line, i, m.Seq, want)
		}
	}
	for _, m := range s.room.members {
		if m.state == live && m.cursor < l.head+1 {
			t.Errorf("after %q: %s is live at %d with head %d", line, m.id, m.cursor, l.head)
		}
	}
	checkPresence(t, line, &s.room.who)
	for user, rc := range s.room.marks.users {
		if rc.Read > rc.Received || rc.Received > l.known() {
			t.Errorf("after %q: receipt of %s: %+v with head %d", line, user, rc, l.head)
		}
	}
}

func checkPresence(t *testing.T, line string, p *presence) {
	nodes := make(map[string]int)
	for _, at := range p.away {
		for id := range at.users {
			nodes[id]++
		}
	}
	for id, u := range p.users {
		if u.here+u.nodes < 1 || u.nodes != nodes[id] {
			t.Errorf("after %q: %s is here %d times and on %d nodes, of %d", line, id, u.here, u.nodes, nodes[id])
		}
		delete(nodes, id)
	}
	if len(nodes) > 0 {
		t.Errorf("after %q: on nodes, and not there: %v", line, nodes)
	}
}

// user is the one before the dot: ann.1 and ann.2 are two sessions of ann.
func user(session string) User {
	id, _, _ := strings.Cut(session, ".")
	return User{ID: id, Name: id}
}

func split(args []string) (pos []string, opts map[string]string) {
	opts = make(map[string]string)
	for _, a := range args {
		if k, v, ok := strings.Cut(a, "="); ok {
			opts[k] = v
		} else {
			pos = append(pos, a)
		}
	}
	return pos, opts
}

func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// TestStoryCommandsAreListed keeps the README of the stories true.
func TestStoryCommandsAreListed(t *testing.T) {
	f, err := os.Open("testdata/README.md")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var listed []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		if rest, ok := strings.CutPrefix(sc.Text(), "- `"); ok {
			listed = append(listed, strings.Fields(strings.TrimRight(rest, "`"))[0])
		}
	}
	sort.Strings(listed)
	want := []string{"beat", "commit", "elsewhere", "hear", "join", "leave", "log", "news", "node", "outbox", "page", "receipt", "rename", "restart", "signal", "sweep", "take", "whole"}
	for i := range listed {
		listed[i] = strings.TrimRight(listed[i], "`")
	}
	if diff := cmp.Diff(want, listed); diff != "" {
		t.Error(diff)
	}
}
