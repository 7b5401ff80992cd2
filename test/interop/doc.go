// Package interop lets strangers into one room: npm's ws, Node's own WebSocket, Python's websockets
// and curl, each through the doors that it can open, against the built binary. Its scripts are run
// by Go tests, which report what the scripts say.
package interop
