// npm's socket.io as a peer: `join` puts a socket into a room, `pub` sends to everybody in it, `echo` comes back.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { serveClient: false, perMessageDeflate: false });
io.on("connection", (socket) => {
  socket.on("join", (room) => socket.join(room));
  socket.on("echo", (message) => socket.emit("echo", message));
  socket.on("pub", (message) => io.to("bench").emit("m", message));
});
http.listen(Number(process.argv[2]), "127.0.0.1");
