// Package socketio points strangers at the Socket.IO server: the cases of the protocols' own suites, written anew,
// socket.io-client from npm in Node and Chromium, the Python client, and npm's server beside ours.
package socketio
