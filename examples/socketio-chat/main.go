// Command socketio-chat is the chat that every Socket.IO tutorial begins with, on Veche's Socket.IO for Go.
//
//	npm start      then open http://localhost:3000 in two windows
package main

import (
	"embed"
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
	io := socketio.New(nil)
	io.On("connection", func(s *socketio.Socket) {
		s.On("chat message", func(text string) { _ = io.Emit("chat message", text) })
	})

	http.Handle("/", http.FileServerFS(page))
	http.Handle("/socket.io/", io)
	// where pages look for it
	http.Handle("/socket.io/socket.io.js", http.StripPrefix("/socket.io", http.FileServer(http.Dir(*dist))))
	server := &http.Server{Addr: *listen, ReadHeaderTimeout: 10 * time.Second}
	log.Printf("open http://%[1]s · откройте http://%[1]s", *listen)
	log.Fatal(server.ListenAndServe())
}
