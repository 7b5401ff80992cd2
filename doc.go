// Package veche is the whole server as a library: rooms that lose nothing, open to a browser's
// WebSocket by the native protocol (/ws, docs/protocol.md) and by none at all (/raw/ROOM), over plain
// HTTP by Server-Sent Events, long-polling and POST (/events, /poll, /send), with a chat page at /.
//
// Enter by [New]. A [Server] is an [http.Handler] for your own http.Server, or serves by itself:
//
//	srv, err := veche.New(veche.Config{})
//	if err != nil {
//		log.Fatal(err)
//	}
//	srv.OnJoin(func(s *veche.Session, room string) error {
//		if room == "staff" && s.User().Guest {
//			return veche.Refuse("staff only")
//		}
//		return nil
//	})
//	log.Fatal(srv.ListenAndServe("localhost:8080"))
//
// Your own logic hangs on the server's On… methods, before it serves, and speaks through
// [Server.Room] and [Server.User], from anywhere and at any time.
//
// The zero [Config] keeps its data in ./veche-data and greets guests. What this package refuses to
// do: read flags, files of settings or the environment, which is cmd/veche's; catch signals; print.
package veche
