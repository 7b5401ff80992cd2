// Package e2e puts people in front of the page, in Debian's Chromium: its scripts drive the browser
// against the built binary, which a Go test starts, kills and starts again when a script asks.
package e2e
