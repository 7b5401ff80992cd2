package veche

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/vechehq/veche/transport"
)

// worthCompressing is from how many bytes on an answer is.
const worthCompressing = 1 << 10

// zippers are for the time that one answer takes: a fast one has some 800 KB of tables.
var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed) // the level is a good one
	return z
}}

// compress returns the answer as it is to be sent to a client that takes gzip or not, and says how in the headers.
func compress(h http.Header, gzipped bool, answer transport.Answer) transport.Answer {
	h.Add("Vary", "Accept-Encoding")
	if !gzipped || answer.Len() < worthCompressing {
		return answer
	}
	var out bytes.Buffer
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(&out)
	for _, piece := range answer {
		_, _ = z.Write(piece) // a buffer takes everything
	}
	_ = z.Close()
	h.Set("Content-Encoding", "gzip")
	return transport.Answer{out.Bytes()}
}

func wantsGzip(r *http.Request) bool { return takesGzip(r.Header.Values("Accept-Encoding")) }

// takesGzip reads Accept-Encoding: RFC 9110, section 12.5.3.
func takesGzip(lines []string) bool {
	any := false
	for coding := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, params, _ := strings.Cut(coding, ";")
		wanted := weight(params) > 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return wanted
		case "*":
			any = wanted
		}
	}
	return any
}

func weight(params string) float64 {
	name, value, ok := strings.Cut(strings.TrimSpace(params), "=")
	if !ok || !strings.EqualFold(strings.TrimSpace(name), "q") {
		return 1
	}
	q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
	if err != nil {
		return 0
	}
	return q
}
