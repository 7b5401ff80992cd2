// Package interop lets strangers into one room: npm's ws, Node's own WebSocket, Python's websockets
// and curl, each through the doors that it can open, against the built binary. The engine alone, the
// echo of bench/echo, also meets Chromium, Python's wsproto and Go's gorilla, coder and gws, as client
// and, where they can be, as server. Its scripts are run by Go tests, which report what the scripts say.
package interop
