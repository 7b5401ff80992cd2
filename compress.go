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

// compress returns the answer as it is to be sent to a client that takes those codings, and says how in the headers.
func compress(h http.Header, takes codings, answer transport.Answer) transport.Answer {
	h.Add("Vary", "Accept-Encoding")
	if !takes.gzip || takes.plain && answer.Len() < worthCompressing {
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

// codings are those of ours that a client takes: gzip if it likes it no less than none, and none. Who takes
// neither gets an answer without any all the same, as RFC 9110, section 12.5.3, allows.
type codings struct{ gzip, plain bool }

func codingsOf(r *http.Request) codings { return takenCodings(r.Header.Values("Accept-Encoding")) }

// takenCodings reads Accept-Encoding: RFC 9110, section 12.5.3.
func takenCodings(lines []string) codings {
	weights := make(map[string]float64)
	for coding := range strings.SplitSeq(strings.Join(lines, ","), ",") {
		name, params, _ := strings.Cut(coding, ";")
		weights[strings.ToLower(strings.TrimSpace(name))] = weight(params)
	}
	of := func(name string, otherwise float64) float64 {
		if w, named := weights[name]; named {
			return w
		}
		if w, any := weights["*"]; any {
			return w
		}
		return otherwise
	}
	zipped := of("gzip", 0)
	if _, old := weights["x-gzip"]; old {
		zipped = max(zipped, weights["x-gzip"])
	}
	const least = 0.001 // what is not named is taken, but not asked for
	plain := of("identity", least)
	return codings{gzip: zipped > 0 && zipped >= plain, plain: plain > 0}
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
