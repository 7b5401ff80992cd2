// Report: a result as a page that needs nothing else.

package prove

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/vechehq/veche/prove/history"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"thousands": thousands,
	"russian":   func(k history.Kind) string { return inRussian[k] },
	"seconds":   func(d time.Duration) string { return fmt.Sprintf("%.1f", d.Seconds()) },
}).Parse(reportText))

// Report writes a page, HTML with its picture in it, in English and Russian.
func (r *Result) Report(w io.Writer) error {
	return reportPage.Execute(w, struct {
		*Result
		Picture template.HTML
		Faults  []faultRow
		Kept    []promise
		System  string
		Rest    int
		Again   string
	}{r, template.HTML(r.picture()), r.faultRows(), r.promises(), runtime.GOOS + "/" + runtime.GOARCH, r.Broken - len(r.Violations), r.Options.command()})
}

// command is the command line of a run.
func (o *Options) command() string {
	c := fmt.Sprintf("veche prove --seed %d --minutes %g --clients %d --rate %d", o.Seed, o.Length.Minutes(), o.Clients, o.Rate)
	if !slices.Equal(o.Faults, FaultNames()) {
		c += " --faults " + strings.Join(o.Faults, ",")
	}
	if !slices.Equal(o.Doors, DoorNames()) {
		c += " --doors " + strings.Join(o.Doors, ",")
	}
	if o.Tmpfs > 0 {
		c += fmt.Sprint(" --tmpfs ", o.Tmpfs>>20)
	}
	return c
}

// inRussian says what a kind of violation is.
var inRussian = map[history.Kind]string{
	history.Lost: "подтверждённое пропало", history.Doubled: "сообщение есть дважды", history.Forged: "под другим номером, чем сказано",
	history.Altered: "сообщение изменено", history.Stranger: "этого никто не посылал", history.Hole: "пропуск в номерах",
	history.Swapped: "порядок отправителя нарушен", notLinear: "ответ не объяснить никаким порядком вызовов",
	badReceipt: "неверная отметка прочтения", badPresence: "неверное присутствие", tooSlow: "задержка не вернулась к норме",
	tooMuch: "слишком много памяти или дескрипторов", crashed: "сервер упал, не запустился или не завершился",
	badAnswer: "такого ответа в протоколе здесь нет", reordered: "два порядка: под одним номером разное", stuck: "после сбоев дело не пошло дальше",
}

type faultRow struct {
	Name, En, Ru string
	Count        int
}

func (r *Result) faultRows() (rows []faultRow) {
	n := r.byFault()
	for _, f := range faults {
		rows = append(rows, faultRow{f.name, f.en, f.ru, n[f.name]})
	}
	return rows
}

// When something is judged that is not counted.
const (
	allAlong = -1
	inTheEnd = -2
)

// promise is a row of what was checked.
type promise struct {
	En, Ru string
	Judged int // allAlong and inTheEnd have no number
	Broken int // of those violations that are kept
}

func (r *Result) promises() []promise {
	n := map[history.Kind]int{}
	for _, v := range r.Violations {
		n[v.Kind]++
	}
	sum := func(kinds ...history.Kind) (s int) {
		for _, k := range kinds {
			s += n[k]
		}
		return s
	}
	return []promise{
		{"acknowledged: present for ever, once, as it was told", "подтверждённое есть всегда, один раз и там, где сказано", r.Messages, sum(history.Lost, history.Forged, history.Altered, history.Stranger)},
		{"not acknowledged: present once at most", "неподтверждённое — не более одного раза", r.Checks.Messages, sum(history.Doubled)},
		{"one order for all, no hole, each reader from where it was", "один порядок для всех, без пропусков; читатель продолжает с места", r.Deliveries, sum(reordered, history.Hole)},
		{"the order in which one client sends", "порядок отправки одного клиента", r.Messages, sum(history.Swapped)},
		{"send and history are linearizable", "отправка и история линеаризуемы", r.Checks.Operations, sum(notLinear)},
		{"receipts only grow, and not beyond the log's end", "отметки прочтения только растут и не обгоняют журнал", r.Checks.Receipts, sum(badReceipt)},
		{"presence is right in the end", "присутствие в конце верно", inTheEnd, sum(badPresence)},
		{"everybody is back and has everything", "все вернулись и получили всё", inTheEnd, sum(stuck)},
		{"latency is back to normal in 10 s", "задержка приходит в норму за 10 с", inTheEnd, sum(tooSlow)},
		{"memory and descriptors are bounded", "память и дескрипторы ограничены", allAlong, sum(tooMuch)},
		{"the server starts, answers and ends as it should", "сервер запускается, отвечает и завершается как должно", allAlong, sum(crashed, badAnswer)},
	}
}

// thousands writes a number with thin spaces.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "\u202f" + s[i:]
	}
	return s
}
