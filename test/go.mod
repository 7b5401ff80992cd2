module github.com/vechehq/veche/test

go 1.26.0

ignore ./node_modules

require (
	github.com/coder/websocket v1.8.15
	github.com/gorilla/websocket v1.5.3
	github.com/lxzan/gws v1.8.9
	github.com/vechehq/veche v0.0.0
	golang.org/x/sys v0.49.0
)

require (
	github.com/dolthub/maphash v0.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
)

replace github.com/vechehq/veche => ../
