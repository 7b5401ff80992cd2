// Clients whose requests reach now this node, now the other: node nodes.mjs URL CLIENT
import assert from "node:assert/strict";

const [url, client] = process.argv.slice(2);
const { io } = await import(client);

const PATIENCE = 60_000;
const within = (what, begin) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(typeof what === "function" ? what() : what)), PATIENCE);
    begin((answer) => { clearTimeout(late); resolve(answer); });
  });
const event = (socket, name, what) => within(`${what}: no ${name}`, (done) => socket.once(name, (...args) => done(args)));
const ask = (socket, ...args) => within(() => `${socket.what}: ${args[0]} is not answered; it ended with ${socket.why}`, (done) => socket.emit(...args, done));

// open opens a socket whose polls reach one node and whose WebSocket another; nothing means in turn.
async function open(polling, websocket, transports = ["polling", "websocket"]) {
  const headers = (node) => (node === undefined ? {} : { extraHeaders: { Node: node } });
  const socket = io(url + "/play", {
    forceNew: true, reconnection: false, transports, transportOptions: { polling: headers(polling), websocket: headers(websocket) },
  });
  const what = (socket.what = `polls at ${polling}, WebSocket at ${websocket}, ${transports}`);
  socket.on("disconnect", (reason) => (socket.why = reason));
  socket.on("question", (x, ack) => ack(`answer ${x}`));
  const welcome = event(socket, "welcome", what);
  await event(socket, "connect", what);
  await welcome;
  if (transports.length > 1 && socket.io.engine.transport.name !== "websocket") await event(socket.io.engine, "upgrade", what);
  assert.equal(socket.io.engine.transport.name, transports.at(-1), what);
  return { socket, what };
}

async function talk({ socket, what }) {
  const echoes = [];
  socket.on("echo", (n) => echoes.push(n));
  for (let i = 0; i < 500; i++) socket.emit("echo", i);
  assert.equal(await ask(socket, "join", "r"), 2, what);
  assert.deepEqual(echoes, Array.from({ length: 500 }, (_, i) => i), what);
  const reversed = event(socket, "binary", what);
  socket.emit("binary", Buffer.from([1, 2, 3]));
  assert.deepEqual([...(await reversed)[0]], [3, 2, 1], what);
  const large = "x".repeat(900_000);
  const back = event(socket, "echo", what);
  socket.emit("echo", large);
  assert.equal((await back)[0], large, what);
  assert.equal(await ask(socket, "ask", "y"), "answer y", what);
}

const all = await Promise.all([
  open("0", "1"), open("1", "0"), open("0", "0"), open(), open(), open(),
  open(undefined, undefined, ["polling"]), open(undefined, undefined, ["websocket"]),
]);
await Promise.all(all.map(talk));
assert.equal(await ask(all[0].socket, "count"), all.length);

// what one says to a room all hear, wherever they are
const heard = all.map(({ socket, what }) => event(socket, "room", what));
all[1].socket.emit("room", "r", "hello");
for (const [text] of await Promise.all(heard)) assert.equal(text, "hello");

// and they end as they do on one node
const ends = all.map(({ socket, what }) => event(socket, "disconnect", what));
all[0].socket.emit("kick");
all[1].socket.emit("kickAll");
for (const { socket } of all.slice(2)) socket.disconnect();
const reasons = (await Promise.all(ends)).map(([reason]) => reason);
assert.deepEqual(reasons, ["io server disconnect", "io server disconnect", ...Array(6).fill("io client disconnect")]);
const last = await open("1", "0");
const seen = [];
for (const deadline = Date.now() + PATIENCE; seen.length < all.length && Date.now() < deadline; ) seen.push(...(await ask(last.socket, "reasons")));
assert.deepEqual(seen.sort(), [...Array(6).fill("client namespace disconnect"), ...Array(2).fill("server namespace disconnect")]);
console.log("ok");
process.exit();
