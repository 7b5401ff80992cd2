package main

import (
	"bytes"
	"fmt"
	"html"
	"os"
	"path/filepath"
	"slices"
)

// Sizes of a chart, in its own units.
const (
	panelWidth  = 380
	panelGap    = 40
	panelHead   = 34
	barPitch    = 22
	barHeight   = 14
	nameWidth   = 78
	valueWidth  = 62
	chartMargin = 16
	chartNote   = 30
)

// chartStyle has colours for light and dark pages.
const chartStyle = `text{font:13px system-ui,sans-serif;fill:#1f2328}.title{font-weight:600}.quiet{fill:#59636e;font-size:12px}
.bar{fill:#b6bec8}.ours{fill:#0969da}.spread{stroke:#59636e;stroke-width:1.5}
@media(prefers-color-scheme:dark){text{fill:#e6edf3}.quiet{fill:#9198a1}.bar{fill:#57606a}.ours{fill:#4493f8}.spread{stroke:#c3cad2}}`

// writeChart draws the first column of each table, two panels in a row: bars are medians, the lines on
// them reach from the best round to the worst.
func writeChart(file string, tables []*table) error {
	var b bytes.Buffer
	height, y := chartMargin, 0
	for i := 0; i < len(tables); i += 2 {
		height += panelHeight(tables[i:min(i+2, len(tables))]) + panelGap/2
	}
	width := 2*panelWidth + panelGap + 2*chartMargin
	fmt.Fprintf(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"CPU and memory of WebSocket engines\">\n<style>%s</style>\n",
		width, height+chartNote, chartStyle)
	y = chartMargin
	for i, t := range tables {
		drawPanel(&b, t, chartMargin+i%2*(panelWidth+panelGap), y)
		if i%2 == 1 {
			y += panelHeight(tables[i-1:i+1]) + panelGap/2
		}
	}
	fmt.Fprintf(&b, "<text class=\"quiet\" x=\"%d\" y=\"%d\">Shorter is better. Bars are medians of %d rounds, lines reach from the best to the worst.</text>\n</svg>\n",
		chartMargin, height+chartNote/2, len(tables[0].rows[0].samples))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}

// panelHeight is that of the tallest.
func panelHeight(tables []*table) (h int) {
	for _, t := range tables {
		h = max(h, panelHead+len(t.rows)*barPitch)
	}
	return h
}

func drawPanel(b *bytes.Buffer, t *table, x, y int) {
	c := t.columns[0]
	longest := 0.0
	for _, r := range t.rows {
		longest = max(longest, slices.Max(r.values(c)))
	}
	const room = panelWidth - nameWidth - valueWidth
	scale := func(v float64) float64 { return v / longest * room }
	fmt.Fprintf(b, "<g transform=\"translate(%d %d)\">\n<text class=\"title\" y=\"12\">%s</text>\n", x, y, html.EscapeString(t.short))
	for i, r := range t.rows {
		top, class := panelHead-12+i*barPitch, "bar"
		if i == 0 {
			class = "ours"
		}
		xs := r.values(c)
		m := median(xs)
		middle := top + barHeight/2
		fmt.Fprintf(b, "<text class=\"quiet\" x=\"0\" y=\"%d\">%s</text>", top+11, html.EscapeString(r.name))
		fmt.Fprintf(b, "<rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"2\"/>", class, nameWidth, top, scale(m), barHeight)
		fmt.Fprintf(b, "<path class=\"spread\" d=\"M%.1f %dH%.1f\"/>", nameWidth+scale(slices.Min(xs)), middle, nameWidth+scale(slices.Max(xs)))
		fmt.Fprintf(b, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", panelWidth, top+11, figure(m))
	}
	b.WriteString("</g>\n")
}

// figure is a number with three digits that count.
func figure(v float64) string {
	switch {
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 100:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}
