// Package web is the chat page: its TypeScript sources in src, their committed build in dist, and the
// handler that serves the build from the binary. Nothing here talks to a room: the page does, through
// sdk/js, like any other client.
//
// Enter by [Handler]. It serves the files of dist and nothing else: no directory listings, no files
// from the disk, no fallback page for unknown paths.
package web

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"net/http"
	"path"
	"regexp"
	"strings"
	"sync"
	"time"
)

//go:embed all:dist
var dist embed.FS

// policy lets the page load what the binary serves and talk to where it came from. Nothing is inline,
// nobody frames it, and markup is only ever made from the compiled templates (trusted-types).
const policy = "default-src 'none'; " +
	"script-src 'self'; " +
	"style-src 'self'; " +
	"img-src 'self' data: blob:; " +
	"connect-src 'self'; " +
	"base-uri 'none'; " +
	"form-action 'none'; " +
	"frame-ancestors 'none'; " +
	"require-trusted-types-for 'script'; " +
	"trusted-types svelte-trusted-html"

// Handler serves the page at / and its assets beside it, GET and HEAD only. Assets carry the hash of
// their content in their name and may be cached for ever; the page itself is asked for each time and
// answered with 304 while it is the same.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")

	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
		return
	}
	a, ok := assets()[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	a.serve(w, r)
}

// asset is one file of dist, immutable.
type asset struct {
	kind  string // content type
	cache string
	plain form
	gzip  form // no data if gzip does not make it smaller
}

// form is an asset's bytes in one encoding.
type form struct {
	data []byte
	etag string
}

// kinds are the content types of what a build consists of. The system's own table is not asked: with
// nosniff, a machine that thinks otherwise about .js would have no page.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".svg":  "image/svg+xml",
}

// assets reads dist once, by path as requested.
var assets = sync.OnceValue(func() map[string]*asset {
	all := make(map[string]*asset)
	err := fs.WalkDir(dist, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := dist.ReadFile(name)
		all[strings.TrimPrefix(name, "dist")] = newAsset(name, data)
		return err
	})
	if err != nil {
		panic("web: the embedded files cannot be read: " + err.Error())
	}
	all["/"] = all["/index.html"]
	return all
})

func newAsset(name string, data []byte) *asset {
	sum := sha256.Sum256(data)
	tag := base64.RawURLEncoding.EncodeToString(sum[:12])
	a := &asset{
		kind:  kinds[path.Ext(name)],
		cache: "private, no-cache", // it may come with a guest's cookie
		plain: form{data, `"` + tag + `"`},
	}
	if strings.HasPrefix(name, "dist/assets/") {
		a.cache = "public, max-age=31536000, immutable"
	}
	if z := compress(data); len(z) < len(data) {
		a.gzip = form{z, `"` + tag + `-gzip"`}
	}
	return a
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h, f := w.Header(), a.plain
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", a.cache)
	h.Set("Vary", "Accept-Encoding")
	if a.gzip.data != nil && acceptsGzip(r) {
		h.Set("Content-Encoding", "gzip")
		f = a.gzip
	}
	h.Set("ETag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(f.data))
}

func compress(data []byte) []byte {
	var b bytes.Buffer
	z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // fails for unknown levels only
	z.Write(data)
	z.Close()
	return b.Bytes()
}

var zero = regexp.MustCompile(`^\s*[qQ]=0(\.0*)?\s*$`)

// acceptsGzip reads RFC 9110, section 12.5.3 as far as it matters: gzip is named and not with weight 0.
func acceptsGzip(r *http.Request) bool {
	for _, line := range r.Header.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(line, ",") {
			coding, weight, _ := strings.Cut(item, ";")
			if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
				return !zero.MatchString(weight)
			}
		}
	}
	return false
}
