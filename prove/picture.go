// Picture: the run over time, as SVG.

package prove

import (
	"fmt"
	"html"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// The picture's sizes, in its own units.
const (
	pictureWide = 1130.0
	labelWide   = 150.0
	rowHigh     = 15.0
	chartHigh   = 80.0
	chartGap    = 34.0
	charts      = 4
	markWide    = 6.0
)

// picture draws faults, throughput, latency, memory, and every violation across them.
func (r *Result) picture() string {
	p := &picture{wide: pictureWide - labelWide - 10, seconds: math.Max(r.Took.Seconds(), float64(max(1, len(r.seconds))))}
	p.violations(r.Violations) // beneath everything else
	p.faults(r.Struck)
	lines := r.lines()
	for _, c := range []chart{
		{"operations/s · операций/с", false, []line{{"var(--ops)", lines.answers}}},
		{"acknowledgement, ms · подтверждение, мс", true, []line{{"var(--p50)", lines.p50}, {"var(--p99)", lines.p99}}},
		{"memory, MiB · память, МиБ", false, []line{{"var(--mem)", lines.memory}}},
		{"descriptors · дескрипторы", false, []line{{"var(--way)", lines.descriptors}}},
	} {
		p.chart(c)
	}
	p.axis()
	p.end(r.Options.Length.Seconds())
	return fmt.Sprintf(`<svg viewBox="0 0 %g %g" role="img" aria-label="timeline · ход времени">%s</svg>`, pictureWide, p.y+8, p.b.String())
}

type picture struct {
	b       strings.Builder
	wide    float64 // of what has a time
	seconds float64
	y       float64 // where there is room
}

func (p *picture) x(s float64) float64 { return labelWide + s/p.seconds*p.wide }

func (p *picture) draw(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }

// faults has a row for each kind, and in it each time that it struck.
func (p *picture) faults(struck []Struck) {
	p.y = 16
	for _, f := range faults {
		colour := "var(--server)"
		if f.track == onWay {
			colour = "var(--way)"
		}
		p.draw(`<text x="%g" y="%g" text-anchor="end">%s</text><line x1="%g" x2="%g" y1="%g" y2="%g" stroke="var(--line)"/>`,
			labelWide-8, p.y+11, html.EscapeString(f.name), labelWide, labelWide+p.wide, p.y+rowHigh, p.y+rowHigh)
		for _, k := range struck {
			if k.Fault == f.name {
				from, to := p.x(k.Begin.Seconds()), p.x(math.Max(k.End.Seconds(), k.Begin.Seconds()))
				p.draw(`<rect x="%.1f" y="%g" width="%.1f" height="%g" rx="1.5" fill="%s"><title>%s · %s, %.3f–%.3f s</title></rect>`,
					from, p.y+3, math.Max(to-from, 2), rowHigh-5, colour, html.EscapeString(f.en), html.EscapeString(f.ru), k.Begin.Seconds(), k.End.Seconds())
			}
		}
		p.y += rowHigh
	}
}

// chart is values over time: one for each second.
type chart struct {
	name  string
	log   bool
	lines []line
}

type line struct {
	colour string
	values []float64
}

func (p *picture) chart(c chart) {
	p.y += chartGap
	most := 1.0
	for _, l := range c.lines {
		for _, v := range l.values {
			most = math.Max(most, v)
		}
	}
	scale := func(v float64) float64 {
		if c.log {
			return p.y + chartHigh*(1-math.Log10(math.Max(v, 0.1)*10)/math.Log10(most*10))
		}
		return p.y + chartHigh*(1-v/most)
	}
	p.draw(`<text x="%g" y="%g">%s</text>`, labelWide, p.y-7, html.EscapeString(c.name))
	p.draw(`<text x="%g" y="%g" text-anchor="end">%s</text><text x="%g" y="%g" text-anchor="end">%s</text>`,
		labelWide-8, p.y+8, thousands(int(math.Ceil(most))), labelWide-8, p.y+chartHigh, map[bool]string{true: "0.1", false: "0"}[c.log])
	p.draw(`<rect x="%g" y="%g" width="%g" height="%g" fill="none" stroke="var(--line)"/>`, labelWide, p.y, p.wide, chartHigh)
	for i, l := range c.lines {
		p.line(l, scale)
		if len(c.lines) > 1 {
			p.draw(`<text x="%g" y="%g" text-anchor="end" style="fill:%s">%s</text>`, labelWide+p.wide-44*float64(len(c.lines)-1-i), p.y-7, l.colour, []string{"p50", "p99"}[i])
		}
	}
	p.y += chartHigh
}

// line leaves out the seconds that have no value.
func (p *picture) line(l line, scale func(float64) float64) {
	var path strings.Builder
	pen := "M"
	for s, v := range l.values {
		if v < 0 {
			pen = "M"
			continue
		}
		fmt.Fprintf(&path, "%s%.1f %.1f", pen, p.x(float64(s)+0.5), scale(v))
		pen = "L"
	}
	p.draw(`<path d="%s" fill="none" stroke="%s" stroke-width="1.4" stroke-linejoin="round"/>`, path.String(), l.colour)
}

func (p *picture) axis() {
	step := 1.0
	for _, s := range []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600} {
		if step = s; p.seconds/s <= 14 {
			break
		}
	}
	p.y += 16
	for s := 0.0; s <= p.seconds; s += step {
		p.draw(`<text x="%.1f" y="%g" text-anchor="middle">%g s</text><line x1="%.1f" x2="%.1f" y1="%g" y2="%g" stroke="var(--line)" stroke-dasharray="2 4"/>`, p.x(s), p.y, s, p.x(s), p.x(s), 16.0, p.y-12)
	}
}

// violations has a mark for each moment at which there were some: as many as can be told apart.
func (p *picture) violations(vs []*Violation) {
	bottom := 16 + rowHigh*float64(len(faults)) + charts*(chartGap+chartHigh)
	at := map[int][]string{}
	for _, v := range vs {
		i := int(p.x(v.At.Seconds()) / markWide)
		at[i] = append(at[i], v.String())
	}
	for _, i := range slices.Sorted(maps.Keys(at)) {
		x := (float64(i) + 0.5) * markWide
		words := at[i][0]
		if n := len(at[i]); n > 1 {
			words = fmt.Sprintf("%s (+%d)", words, n-1)
		}
		p.draw(`<g><title>%s</title><line x1="%.1f" x2="%.1f" y1="14" y2="%g" stroke="var(--bad)" stroke-opacity="0.45"/><circle cx="%.1f" cy="8" r="3.5" fill="var(--bad)"/></g>`,
			html.EscapeString(words), x, x, bottom, x)
	}
}

// end marks when clients had done, and only checks came.
func (p *picture) end(s float64) {
	x := p.x(s)
	p.draw(`<line x1="%.1f" x2="%.1f" y1="16" y2="%g" stroke="var(--dim)"/><text x="%.1f" y="11">checks · проверки</text>`, x, x, p.y-12, x+4)
}

type lines struct{ answers, p50, p99, memory, descriptors []float64 }

// lines are the run's seconds as values; -1 where there is none.
func (r *Result) lines() (l lines) {
	some := func(v float64, ok bool) float64 {
		if !ok {
			return -1
		}
		return v
	}
	for _, s := range r.seconds {
		milliseconds := func(q float64) float64 {
			return some(float64(s.quantile(q))/float64(time.Millisecond), len(s.took) > 0)
		}
		l.answers = append(l.answers, float64(s.answers))
		l.p50, l.p99 = append(l.p50, milliseconds(0.5)), append(l.p99, milliseconds(0.99))
		l.memory = append(l.memory, some(float64(s.usage.memory>>20), s.usage.memory > 0))
		l.descriptors = append(l.descriptors, some(float64(s.usage.descriptors), s.usage.descriptors > 0))
	}
	return l
}
