package main

import (
	"fmt"
	"io"
	"net"

	"github.com/vechehq/veche"
)

// greet says where to point the browser, before anything is logged.
func greet(w io.Writer, addr net.Addr, secure bool) {
	url := pageURL(addr, secure)
	fmt.Fprintf(w, "Veche %s — open %s\n", veche.Version(), url)
	fmt.Fprintf(w, "Вече — откройте %s\n", url)
}

// pageURL is the page's address for somebody at this machine.
func pageURL(addr net.Addr, secure bool) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		return addr.String()
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	scheme := "http"
	if secure {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port)
}
