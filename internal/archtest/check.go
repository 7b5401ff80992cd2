// Judging packages by the law.

package archtest

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// pkg is what `go list -json` tells of a package.
type pkg struct {
	ImportPath   string
	Name         string
	Doc          string // first sentence of its doc
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// judge returns every breach of the law by ps, one sentence each.
func judge(law []clause, ps []pkg) []string {
	var breaches []string
	for _, p := range ps {
		breaches = append(breaches, judgeOne(law, p)...)
	}
	return breaches
}

func judgeOne(law []clause, p pkg) []string {
	from, _ := inModule(p.ImportPath)
	c := clauseOf(law, from)
	if c == nil {
		return []string{fmt.Sprintf("%s: the law does not know this package; give it a clause in law.go", from)}
	}
	var breaches []string
	for _, to := range p.Imports {
		if why := c.forbids(from, to); why != "" {
			breaches = append(breaches, fmt.Sprintf("%s (floor %d) imports %s: %s", from, c.floor, to, why))
		}
	}
	for _, to := range slices.Concat(p.TestImports, p.XTestImports) {
		if foreign(to) && !below(to, testTools) && !below(to, c.takes) {
			breaches = append(breaches, fmt.Sprintf("%s: its tests import %s: tests share one small set of tools", from, to))
		}
	}
	if !strings.HasPrefix(p.Doc, docPrefix(p)) {
		breaches = append(breaches, fmt.Sprintf("%s: its doc does not begin with %q", from, docPrefix(p)))
	}
	return breaches
}

// forbids returns the reason why the package from, which the clause is about, may not import to, or
// "". What lies below a package is its own.
func (c *clause) forbids(from, to string) string {
	local, ours := inModule(to)
	if ours && strings.HasPrefix(local, from+"/") {
		return ""
	}
	if ours && below(local, c.mayOf(from)) && !c.names(local) {
		return ""
	}
	for _, e := range c.never {
		if ours && match(e.to, local) || !ours && below(to, []string{e.to}) {
			return e.why
		}
	}
	switch {
	case ours && strings.HasPrefix(local, "internal/"):
		return "" // internal packages lean on nobody: each has its own clause
	case ours, foreign(to) && !below(to, c.takes):
		return c.rest
	}
	return ""
}

// mayOf returns the clause's may, for one of its packages.
func (c *clause) mayOf(from string) []string {
	may := slices.Clone(c.may)
	for i := range may {
		may[i] = strings.Replace(may[i], "=", path.Base(from), 1)
	}
	return may
}

// names reports whether a never edge names the package itself, which is stronger than a pattern
// that allows it.
func (c *clause) names(local string) bool {
	return slices.ContainsFunc(c.never, func(e edge) bool { return e.to == local })
}

// clauseOf returns the first clause for a package of the module.
func clauseOf(law []clause, local string) *clause {
	for i := range law {
		if match(law[i].pkg, local) {
			return &law[i]
		}
	}
	return nil
}

// match reports whether a path is one that the pattern names, or lies below it.
func match(pattern, p string) bool {
	if pattern == "." || p == "." {
		return pattern == p
	}
	n := strings.Count(pattern, "/") + 1
	head := strings.SplitN(p, "/", n+1)
	if len(head) > n {
		head = head[:n]
	}
	ok, _ := path.Match(pattern, strings.Join(head, "/"))
	return ok
}

// below reports whether a path is one of the patterns, or lies below one.
func below(p string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return match(pattern, p) })
}

// inModule returns a package's path below the module.
func inModule(importPath string) (local string, ok bool) {
	if importPath == Module {
		return ".", true
	}
	return strings.CutPrefix(importPath, Module+"/")
}

// foreign reports whether a package is of another module: the standard library has no dot in the
// first element of its paths.
func foreign(importPath string) bool {
	if _, ours := inModule(importPath); ours {
		return false
	}
	first, _, _ := strings.Cut(importPath, "/")
	return strings.Contains(first, ".")
}

func docPrefix(p pkg) string {
	if p.Name == "main" {
		return "Command " + path.Base(p.ImportPath) + " "
	}
	return "Package " + p.Name + " "
}
