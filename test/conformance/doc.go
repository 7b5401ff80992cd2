// Package conformance holds the cases of the Autobahn testsuite against the built echo of bench/echo,
// over real sockets of its own, with the echo as server and as client, on loops and on goroutines. The table of cases is
// internal/autobahn, which package ws also holds against itself in memory.
package conformance
