//go:build race

package ws

const raceEnabled = true // its pools drop things at random
