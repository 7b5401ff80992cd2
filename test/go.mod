module github.com/vechehq/veche/test

go 1.26.0

ignore ./node_modules

require github.com/coder/websocket v1.8.15
