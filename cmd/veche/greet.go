package main

import (
	"fmt"
	"io"
	"net"

	"github.com/vechehq/veche"
)

// greet says where to point the browser, before anything is logged.
func greet(w io.Writer, listen string, addr net.Addr, secure bool) {
	url := pageURL(listen, addr, secure)
	fmt.Fprintf(w, "Veche %s — open %s\n", veche.Version(), url)
	fmt.Fprintf(w, "Вече — откройте %s\n", url)
}

// pageURL is the page's address for somebody at this machine: the host that was asked for, with the
// port that there is.
func pageURL(listen string, addr net.Addr, secure bool) string {
	host, _, _ := net.SplitHostPort(listen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	_, port, _ := net.SplitHostPort(addr.String())
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
