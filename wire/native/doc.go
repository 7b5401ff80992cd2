// Package native is the codec of the native protocol, veche.v1: values to JSON objects and back.
// docs/protocol.md is the normative text, testdata its vectors.
//
// Enter by [Decode] for what a client says, and by the Append method of each object for what goes on
// the wire. Decoding is strict where the protocol is: bounds, integers, surrogates, base64. It keeps
// nothing of its input.
//
// The package does no I/O, holds no state between objects, and does not judge a request beyond its
// form: whether a room exists, a body is too large or a token is good is for others to say.
package native
