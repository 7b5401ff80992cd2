// Command socketio-chat is the chat that every Socket.IO tutorial begins with, on Veche's Socket.IO for Go. It speaks to the page of
// each of the tutorial's steps: to the first, which only emits, and to the last, whose messages have an offset, are sent
// again until they are acknowledged, and are caught up with after a disconnection.
//
//	npm start      then open http://localhost:3000 in two windows
package main

import (
	"embed"
	"encoding/json"
	"flag"
	"log"
	"net/http"
	"time"

	"github.com/vechehq/veche/socketio"
)

//go:embed index.html
var page embed.FS

var (
	listen = flag.String("listen", "localhost:3000", "`address` to listen on")
	dist   = flag.String("client", "node_modules/socket.io-client/dist", "`directory` of the client's bundle, as npm installs it")
)

func main() {
	flag.Parse()
	io := socketio.New(&socketio.Options{Recovery: &socketio.RecoveryOptions{}})
	chat := &chat{known: make(map[string]bool)}
	io.On("connection", func(s *socketio.Socket) {
		s.On("chat message", func(text, offset string, ack socketio.Ack) {
			chat.say(text, offset, func(id int) { _ = io.Emit("chat message", text, id) })
			_ = ack()
		})
		if s.Recovered() { // what it has missed comes by itself
			return
		}
		var auth struct{ ServerOffset int }
		_ = json.Unmarshal(s.Handshake().Auth, &auth) // who says nothing gets all
		chat.since(auth.ServerOffset, func(id int, text string) { _ = s.Emit("chat message", text, id) })
	})

	http.Handle("/", http.FileServerFS(page))
	http.Handle("/socket.io/", io)
	// where pages look for it
	http.Handle("/socket.io/socket.io.js", http.StripPrefix("/socket.io", http.FileServer(http.Dir(*dist))))
	server := &http.Server{Addr: *listen, ReadHeaderTimeout: 10 * time.Second}
	log.Printf("open http://%[1]s · откройте http://%[1]s", *listen)
	log.Fatal(server.ListenAndServe())
}
