package native

// Bounds of the protocol (docs/protocol.md, section 1), in bytes of UTF-8 after escapes.
const (
	MaxID      = 64
	MaxRoom    = 128
	MaxUser    = 128
	MaxName    = 64
	MaxCID     = 128
	MaxKind    = 64
	MaxContent = 128
	MaxEpoch   = 64
	MaxToken   = 8192

	MaxHistory     = 200 // messages in one answer
	DefaultHistory = 50

	MaxInteger = 1<<53 - 1 // what JavaScript holds exactly
	MaxDepth   = 64        // of nested arrays and objects, the outermost counted
)

// Version is the protocol's.
const Version = 1

// Subprotocol is the name that a WebSocket client offers.
const Subprotocol = "veche.v1"
