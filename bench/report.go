package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// sample is what one round has measured of one server; what was not measured is zero.
type sample struct {
	cpu      float64       // microseconds of the server for each thing done, all its threads together
	rate     float64       // things done per second
	p50, p99 time.Duration // from asking until it is done, under this load
	bytes    float64
}

// table is what a setting has measured, a row for each server.
type table struct {
	title   string
	short   string // over its part of the chart
	columns []column
	against string // the server that ratios are to
	rows    []row
}

type row struct {
	name    string
	samples []sample // one for each round; those of a round were taken one after the other
}

// column is a figure of a sample. The first of a table is shown with its spread and its ratio.
type column struct {
	title  string
	format string
	of     func(sample) float64
}

var (
	cpuColumn   = column{"CPU µs each", "%.2f", func(s sample) float64 { return s.cpu }}
	rateColumn  = column{"per second", "%.0f", func(s sample) float64 { return s.rate }}
	p50Column   = column{"p50 ms", "%.2f", func(s sample) float64 { return s.p50.Seconds() * 1e3 }}
	p99Column   = column{"p99 ms", "%.2f", func(s sample) float64 { return s.p99.Seconds() * 1e3 }}
	backColumn  = column{"bytes back", "%.0f", func(s sample) float64 { return s.bytes }}
	bytesColumn = column{"bytes each", "%.0f", func(s sample) float64 { return s.bytes }}
)

// interleave measures servers in turns: the machine's speed drifts, and what one round saw of them is
// comparable.
func interleave(ctx context.Context, all []*peer, rounds int, measure func(i int, p *peer) (sample, error)) ([]row, error) {
	rows := make([]row, len(all))
	for range rounds {
		for i, p := range all {
			s, err := measure(i, p)
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				return nil, fmt.Errorf("%s: %w", p.name, err)
			}
			rows[i].name = p.name
			rows[i].samples = append(rows[i].samples, s)
		}
	}
	return rows, nil
}

func (r row) values(c column) (xs []float64) {
	for _, s := range r.samples {
		xs = append(xs, c.of(s))
	}
	return xs
}

// ratio is the median of what each round says about this row against another.
func (r row) ratio(c column, base row) float64 {
	var xs []float64
	for i, x := range r.values(c) {
		xs = append(xs, x/c.of(base.samples[i]))
	}
	return median(xs)
}

// print writes the table in Markdown.
func (t *table) print(w io.Writer) {
	main := t.columns[0]
	base := slices.IndexFunc(t.rows, func(r row) bool { return r.name == t.against })
	fmt.Fprintf(w, "\n%s\n\n| server | %s: median (min–max) | against %s |", t.title, main.title, t.against)
	for _, c := range t.columns[1:] {
		fmt.Fprintf(w, " %s |", c.title)
	}
	fmt.Fprintf(w, "\n| ---%s |\n", strings.Repeat(" | ---", len(t.columns)+1))
	for _, r := range t.rows {
		xs := r.values(main)
		f := main.format
		fmt.Fprintf(w, "| %s | "+f+" ("+f+"–"+f+") | %.2f |", r.name, median(xs), slices.Min(xs), slices.Max(xs), r.ratio(main, t.rows[base]))
		for _, c := range t.columns[1:] {
			fmt.Fprintf(w, " "+c.format+" |", median(r.values(c)))
		}
		fmt.Fprintln(w)
	}
}

func median(xs []float64) float64 {
	if len(xs) == 0 {
		return math.NaN()
	}
	xs = slices.Sorted(slices.Values(xs))
	return (xs[(len(xs)-1)/2] + xs[len(xs)/2]) / 2
}
