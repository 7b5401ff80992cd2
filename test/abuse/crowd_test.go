package abuse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/test/harness"
)

// One who reads nothing sits among five thousand, and is sent more than anybody keeps for them: the
// five thousand hear as soon as before, and the one is told of the gap or cut off.
func TestOneThatNeverReadsAmongFiveThousand(t *testing.T) {
	const clients, phase = 5000, 6
	s := harness.Start(t)
	crowd := harness.Load(t, s, "--clients", fmt.Sprint(clients), "--rooms", "1", "--rate", "2", "--no-typing", "--receipts=-1s", "--duration", "10m")
	before := deliveries(t, crowd, phase)
	others := meet(t, s, "flood")
	var lazy *socket
	bounded(t, s, 128*mib, func() {
		lazy = dial(t, s) // which reads everything in the end, so its window is not made small
		lazy.shake(s, "/ws?room=load-1-0", "")
		lazy.write(text(`{"type":"join","room":"flood"}`))
		for i := range 200 {
			others.say(fmt.Sprint(i, strings.Repeat("x", 40<<10)))
		}
	})
	// Something else may be busy on the machine just then, but not every time.
	after := deliveries(t, crowd, phase)
	for again := 0; after > 3*before+200 && again < 10; again++ {
		after = deliveries(t, crowd, phase)
	}
	t.Logf("half of the deliveries took %.1f ms before and %.1f ms with the one", before, after)
	if after > 3*before+200 {
		t.Errorf("half of the deliveries took %.1f ms before and %.1f ms with the one", before, after)
	}
	if err := lazy.SetDeadline(time.Now().Add(2 * patience)); err != nil {
		t.Fatal(err)
	}
	for {
		_, payload, err := lazy.frame()
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the one is neither told of a gap nor cut off")
		}
		if err != nil || bytes.Contains(payload, []byte(`"type":"gap"`)) {
			t.Logf("the one: %.80s %v", payload, err)
			break
		}
	}
	if sum := crowd.End(); sum.Lost > 0 || sum.Skipped > 0 || sum.Unanswered > 0 {
		t.Errorf("%+v", sum)
	}
}

// deliveries watches a crowd for some seconds and returns the median of their medians, in milliseconds.
func deliveries(t *testing.T, crowd *harness.Crowd, seconds int) float64 {
	t.Helper()
	var medians []float64
	for f := range crowd.Live {
		if f.Delivery.Count > 0 {
			medians = append(medians, f.Delivery.P50)
		}
		if len(medians) == seconds {
			slices.Sort(medians)
			return medians[seconds/2]
		}
	}
	crowd.Wait()
	t.Fatal("the load has ended")
	return 0
}

// Whatever the fuzzers have found worth keeping, and the protocol's vectors, cut short and blown up, come in
// at each door while a crowd talks: the server lives, and nobody of the crowd is lost.
func TestCorporaUnderLoad(t *testing.T) {
	inputs := corpora(t)
	s := harness.Start(t)
	crowd := harness.Load(t, s, "--clients", "300", "--rooms", "20", "--rate", "50", "--duration", "10m")
	<-crowd.Live
	others := meet(t, s, "calm")
	t.Logf("%d inputs", len(inputs))
	go func() { // is there to be read
		for range crowd.Live {
		}
	}()
	bounded(t, s, 256*mib, func() {
		for i, p := range inputs {
			for _, frames := range []string{"/ws", "/raw/corpora", "/socket.io/?EIO=4&transport=websocket"} {
				feed(t, open(t, s, frames, ""), append(header(fin|byte(1+i%2), len(p)), p...))
			}
			feed(t, open(t, s, "/ws", "Sec-WebSocket-Extensions: permessage-deflate\r\n"), append(header(fin|rsv1|opText, len(p)), p...))
			feed(t, open(t, s, "/ws", ""), p) // as frames
			feed(t, connect(t, s), p)         // as a request
			for _, door := range []string{"POST /send", "POST /socket.io/?EIO=4&transport=polling&sid=" + sid(t, s)} {
				feed(t, connect(t, s), append([]byte(head(s, door, fmt.Sprintf("Content-Length: %d\r\nConnection: close\r\n", len(p)))), p...))
			}
			escaped := url.QueryEscape(string(p))
			for _, door := range []string{"GET /events?rooms=", "GET /poll?wait=0&rooms=", "GET /poll?wait=0&rooms=calm&at=", "GET /events?resume="} {
				feed(t, connect(t, s), []byte(head(s, door+escaped, "Connection: close\r\n")))
			}
			if i%50 == 0 {
				others.talk(3)
			}
		}
	})
	others.talk(20)
	if resp, err := http.Get(s.HTTP("/healthz")); err != nil || resp.StatusCode != http.StatusOK {
		t.Errorf("/healthz: %v", err)
	}
	if strings.Contains(s.Log(), "panic") {
		t.Error("a panic is in the log")
	}
	if sum := crowd.End(); sum.Lost > 0 || sum.Errors > 0 || sum.Unanswered > 0 {
		t.Errorf("%+v", sum)
	}
}

// feed writes the bytes and half-closes, and leaves the rest to the server: what is half a message may be
// waited for, so the connection ends with the next moment of silence.
func feed(t *testing.T, k *socket, p []byte) {
	t.Helper()
	_, _ = k.Write(p) // may be cut off in between
	_ = k.Conn.(*net.TCPConn).CloseWrite()
	_ = k.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
	_, _ = io.Copy(io.Discard, k)
	_ = k.Close()
}

// corpora are the values of all fuzz corpora of the repository and the protocol's vectors, each as it is, cut
// in half, and a thousand times, at most 2 MiB.
func corpora(t *testing.T) (inputs [][]byte) {
	t.Helper()
	var files int
	err := filepath.WalkDir("../..", func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && e.Name() == "node_modules":
			return filepath.SkipDir
		case e.IsDir() || !strings.Contains(filepath.ToSlash(path), "/testdata/"):
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		if values, ok := strings.CutPrefix(string(text), "go test fuzz v1\n"); ok {
			inputs = append(inputs, literals(values)...)
		} else if strings.HasSuffix(path, ".json") {
			for line := range bytes.Lines(text) {
				inputs = append(inputs, bytes.TrimSpace(line))
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 20 {
		t.Fatalf("%d files of testdata: where are they?", files)
	}
	slices.SortFunc(inputs, bytes.Compare)
	inputs = slices.CompactFunc(inputs, bytes.Equal)
	for i := 0; len(inputs) > most; i++ { // evenly thinned out
		inputs = slices.Delete(inputs, i%len(inputs), i%len(inputs)+1)
	}
	for _, p := range inputs[:len(inputs):len(inputs)] {
		inputs = append(inputs, p[:len(p)/2])
	}
	for i := 0; i < most; i += 20 {
		p := inputs[i%len(inputs)]
		inputs = append(inputs, bytes.Repeat(p, min(1000, 2*mib/max(len(p), 1))))
	}
	return inputs
}

// most is how many different inputs are taken.
const most = 200

// literals returns the byte slices and strings of a corpus file's lines.
func literals(lines string) (values [][]byte) {
	for line := range strings.Lines(lines) {
		line = strings.TrimSpace(line)
		for _, kind := range []string{"[]byte(", "string("} {
			if quoted, ok := strings.CutPrefix(line, kind); ok {
				if s, err := strconv.Unquote(strings.TrimSuffix(quoted, ")")); err == nil {
					values = append(values, []byte(s))
				}
			}
		}
	}
	return values
}
