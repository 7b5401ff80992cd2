// Package abuse lets clients misbehave against the built binary: they do not read, trickle, announce
// gigabytes, send bombs and garbage, ask for ten thousand rooms. Each is refused clearly, the
// server's memory stays bounded, and two people who talk meanwhile do not notice.
package abuse
