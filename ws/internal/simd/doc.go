// Package simd does what an engine does to every byte of a message: it checks UTF-8 and applies masking
// keys. Enter by ValidUTF8 and Mask.
//
// On amd64 with AVX2 long pieces go through vector instructions; elsewhere, in short pieces and in builds
// with the tag purego all is Go. The result is the same, which the fuzz targets hold it to. The package
// refuses whatever else could be vectorised: see docs/design/013-simd.md for what pays.
package simd
