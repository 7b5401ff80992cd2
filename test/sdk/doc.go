// Package sdk puts the built TypeScript client in front of the built binary, in plain Node: its examples,
// and its promises on a network that misbehaves.
package sdk
