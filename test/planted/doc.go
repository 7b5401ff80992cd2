// Command planted is a server with a bug, for the proof's own proof: package planted_test has "veche prove" find each.
//
// It takes the flags of "veche serve" that the proof uses, and the name of its bug as the first argument. None is the
// server as it is.
package main
