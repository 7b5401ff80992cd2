// Package conformance holds the cases of the Autobahn testsuite against the built echo of bench/echo,
// over real sockets of its own, with the echo as server and as client, on loops and on goroutines. The
// table of the cases 1 to 10 is internal/autobahn, which package ws also holds against itself in memory;
// those of compression, 12 and 13, are here.
//
// A case of compression has a thousand messages, as in the suite, but those with messages above 16 KiB
// stop at 16 MiB. With WHOLE=1 in the environment they go on to a thousand: 42 GB through the echo.
package conformance
