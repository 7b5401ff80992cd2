package autobahn

import (
	"bytes"
	"compress/flate"
	"io"
	"strings"
)

// Zlib is a peer's end of permessage-deflate. It compresses and inflates with the standard library,
// which knows nothing of other codecs. The zero value does without takeover.
type Zlib struct {
	DeflateTakeover, InflateTakeover bool
	Window                           int // of what it inflates, bytes; 0 means 32 KiB

	writer *flate.Writer
	reader io.ReadCloser
	out    bytes.Buffer
	past   []byte // what it inflated
}

const (
	syncTail = "\x00\x00\xff\xff"
	largest  = 32 << 10
)

// Deflate compresses a message.
func (z *Zlib) Deflate(s string) string {
	if z.writer == nil || !z.DeflateTakeover {
		z.writer, _ = flate.NewWriter(&z.out, 6) // fails for bad levels only
	}
	z.out.Reset()
	_, _ = z.writer.Write([]byte(s)) // writes to memory do not fail
	_ = z.writer.Flush()
	return strings.TrimSuffix(z.out.String(), syncTail)
}

// Inflate is what Deflate undoes.
func (z *Zlib) Inflate(s string) (string, error) {
	dict := z.past
	if !z.InflateTakeover {
		dict = nil
	}
	if z.Window > 0 && len(dict) > z.Window {
		dict = dict[len(dict)-z.Window:]
	}
	if z.reader == nil {
		z.reader = flate.NewReader(nil)
	}
	err := z.reader.(flate.Resetter).Reset(strings.NewReader(s+syncTail+"\x01\x00\x00\xff\xff"), dict)
	z.out.Reset()
	if err == nil {
		_, err = z.out.ReadFrom(z.reader)
	}
	b := z.out.Bytes()
	z.past = append(z.past, b[max(0, len(b)-largest):]...)
	z.past = z.past[max(0, len(z.past)-largest):]
	return string(b), err
}
