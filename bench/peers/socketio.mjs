// npm's socket.io as a peer: `join` puts a socket into a room, `pub` sends to everybody in it.
import { Server } from "socket.io";

const io = new Server(Number(process.argv[2]), { serveClient: false, perMessageDeflate: false });
io.on("connection", (socket) => {
  socket.on("join", (room) => socket.join(room));
  socket.on("pub", (message) => io.to("bench").emit("m", message));
});
