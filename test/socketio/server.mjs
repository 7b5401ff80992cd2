// npm's socket.io with the handlers of ../socketiod/play.go: what a client script sees must not differ.
import { createServer } from "node:http";
import { Server } from "socket.io";

const http = createServer();
const io = new Server(http, { cors: { origin: "*" }, pingInterval: 300, pingTimeout: 60_000 });
const play = io.of("/play");
const reasons = [];

play.use((socket, next) => {
  if (!socket.handshake.auth.refuse) return next();
  const err = new Error("not today");
  err.data = { code: 7 };
  next(err);
});

play.on("connection", (socket) => {
  socket.use(([event], next) => next(event === "forbidden" ? new Error("that is forbidden") : undefined));
  socket.on("error", (err) => socket.emit("refused", err.message));
  socket.on("disconnect", (reason) => reasons.push(reason));
  socket.emit("welcome", socket.handshake.auth);
  socket.on("echo", (...args) => socket.emit("echo", ...args));
  socket.on("ack", (...args) => args.pop()(...args));
  socket.on("join", (room, ack) => { socket.join(room); ack(socket.rooms.size); });
  socket.on("leave", (room, ack) => { socket.leave(room); ack(socket.rooms.size); });
  socket.on("room", (room, text) => play.to(room).emit("room", text));
  socket.on("rooms", (one, two, text) => play.to(one).to(two).emit("rooms", text));
  socket.on("others", (room, text) => socket.to(room).emit("others", text));
  socket.on("except", (room, text) => play.except(room).emit("except", text));
  socket.on("broadcast", (text) => socket.broadcast.emit("broadcast", text));
  socket.on("private", (id, text) => play.to(id).emit("private", text));
  socket.on("ask", async (x, ack) => ack(await socket.timeout(60_000).emitWithAck("question", x)));
  socket.on("askAll", async (x, ack) => ack((await play.timeout(60_000).emitWithAck("question", x)).sort()));
  socket.on("slow", () => socket.timeout(50).emit("unanswered", (err) => socket.emit("timedout", err !== null)));
  socket.on("volatile", () => socket.volatile.emit("volatile", 1));
  socket.on("count", async (ack) => ack((await play.fetchSockets()).length));
  socket.on("joinAll", (room, ack) => { play.socketsJoin(room); ack(true); });
  socket.on("leaveAll", (room, ack) => { play.socketsLeave(room); ack(true); });
  socket.on("binary", (data) => socket.emit("binary", Buffer.from(data).reverse(), { nested: [data] }));
  socket.on("kick", () => socket.disconnect());
  socket.on("kickAll", () => socket.disconnect(true));
  socket.on("kickRoom", (room) => play.in(room).disconnectSockets());
  socket.on("reasons", (ack) => ack(reasons.splice(0)));
});

io.of(/^\/dyn-\d+$/).on("connection", (socket) => socket.emit("hello", socket.nsp.name));

http.listen(0, "127.0.0.1", () => console.log(`listening on http://127.0.0.1:${http.address().port}`));
process.on("SIGTERM", () => process.exit(0));
