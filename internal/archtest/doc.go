// Package archtest proves the import law of the house: which package may import which, in the
// module and outside it, and why not. The law is the table in law.go; `go list` supplies the facts.
//
// It judges what ships. Tests may climb the stairs (a gateway's test may open a store), but they
// bring in only the test tools that the law names. It does not judge how code looks.
package archtest
