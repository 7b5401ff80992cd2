package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func TestRun(t *testing.T) {
	reached := make(chan struct{}, 100)
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached <- struct{}{} }))
	defer s.Close()
	in, input := io.Pipe()
	output, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- run([]string{"-target", strings.TrimPrefix(s.URL, "http://"), "-seed", "7"}, in, out)
		out.Close()
	}()
	lines := bufio.NewScanner(output)
	if !lines.Scan() {
		t.Fatal("no address:", <-ended)
	}
	fmt.Fprintln(input, "calm")
	fmt.Fprintln(input, "calm") // when this has been read, the first has been obeyed
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 10 * time.Second}
	res, err := client.Get("http://" + lines.Text())
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatal(res, err)
	}
	res.Body.Close()
	<-reached
	input.Close()
	if !lines.Scan() || !strings.Contains(lines.Text(), `"Kind":"request"`) || !strings.Contains(lines.Text(), `"Act":"pass"`) {
		t.Errorf("it tells %q", lines.Text())
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := run(nil, in, out); err == nil {
		t.Error("no target, and no error")
	}
}
