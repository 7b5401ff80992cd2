// Package hostile is a bad network for proofs and tests: an HTTP proxy between clients and a server that drops
// connections, delays, cuts in the middle of a frame, swallows what comes after an upgrade, refuses
// upgrades, answers 502 and 504, holds back streams, and loses the answer to what the server did.
//
// Enter by [New]. What happens to an exchange is decided by a [Plan] from the exchange's kind and its
// number among those of its kind, and by nothing else: [Random] draws a plan from a seed, so the same
// seed always gives the same schedule, and a test may write its own. [Proxy.Calm] ends the bad weather,
// [Proxy.Log] tells what was done.
//
// The command test/hostile/hostile-proxy is the same for tests that are not in Go.
//
// It speaks HTTP/1.1 without TLS. It never alters or reorders bytes: what arrives is a prefix of what
// was sent.
package hostile
