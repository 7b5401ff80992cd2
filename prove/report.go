// Report: a result as a page that needs nothing else.

package prove

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"runtime"
	"time"

	"github.com/vechehq/veche/prove/history"
)

//go:embed report.html
var reportText string

var reportPage = template.Must(template.New("report").Funcs(template.FuncMap{
	"thousands": thousands,
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
	}{r, template.HTML(r.picture()), r.faultRows(), r.promises(), runtime.GOOS + "/" + runtime.GOARCH, r.Broken - len(r.Violations)})
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

// promise is a row of what was checked.
type promise struct {
	En, Ru string
	Judged int // 0: all along
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
		{"presence is right in the end", "присутствие в конце верно", 0, sum(badPresence)},
		{"everybody is back and has everything", "все вернулись и получили всё", 0, sum(stuck)},
		{"latency is back to normal in 10 s", "задержка приходит в норму за 10 с", 0, sum(tooSlow)},
		{"memory and descriptors are bounded", "память и дескрипторы ограничены", 0, sum(tooMuch)},
		{"the server starts, answers and ends as it should", "сервер запускается, отвечает и завершается как должно", 0, sum(crashed, badAnswer)},
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
