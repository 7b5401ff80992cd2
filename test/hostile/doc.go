// Package hostile has people talk through a bad network (prove/hostile): with the Go client, and by plain
// HTTP over every door. Nothing may be lost, doubled or swapped. The command hostile-proxy beside it is that
// network for tests that are not in Go.
package hostile
