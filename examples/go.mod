module github.com/vechehq/veche/examples

go 1.26.0

require github.com/vechehq/veche v0.0.0

require golang.org/x/sys v0.49.0 // indirect

replace github.com/vechehq/veche => ../
