// Package xconnect switches on extended CONNECT (RFC 8441) in golang.org/x/net/http2, which asks the
// environment for it, GODEBUG with http2xconnect=1, once: while it is initialized. Enter by importing it
// beside that package, as package h2 does, and nowhere else.
//
// It must come before golang.org/x/net/http2 and after net/http, whose own HTTP/2 asks the same way and
// serves other servers of the process, with doors that may know nothing of extended CONNECT. Go initializes
// "the first package in the list", sorted by import path, "for which all imported packages (if any) are
// already initialized" (the language's specification, Package initialization): this one imports net/http,
// as that one does, and github.com sorts before golang.org.
//
// It refuses to overrule who runs the program: with http2xconnect=0 there nothing is switched on.
package xconnect

import (
	_ "net/http"
	"os"
	"strings"
)

const variable = "GODEBUG"

// before is the variable as it was.
var before, set = os.LookupEnv(variable)

func init() {
	if strings.Contains(before, "http2xconnect=") {
		return
	}
	value := "http2xconnect=1"
	if before != "" {
		value = before + "," + value
	}
	_ = os.Setenv(variable, value) // where it fails, WebSockets come over HTTP/1.1
}

// Restore gives the environment back as it was, for processes that this one starts.
func Restore() {
	if set {
		_ = os.Setenv(variable, before)
	} else {
		_ = os.Unsetenv(variable)
	}
}
