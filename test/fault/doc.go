// Package fault kills the built server with SIGKILL while many clients talk, starts it again on the
// same data, lets the clients come back and repeat what was not acknowledged, and in the end judges
// what everybody saw by package history.
package fault
