// Rooms by socket.io-client, beside a plain WebSocket: one order, the same objects, and a recovery that does not fail.
// node bridge.mjs URL CONTROL CLIENT
import assert from "node:assert/strict";
import WebSocket from "ws";

const [url, control, client] = process.argv.slice(2);
const { io } = await import(client);
const old = client !== "socket.io-client"; // it knows neither recovery nor emitWithAck

const PATIENCE = 60_000;
const until = async (what, f) => {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    if (f()) return;
    await new Promise((r) => setTimeout(r, 10));
  }
  throw new Error(`waiting for ${what}`);
};

function open(name, transports, auth = { name }) {
  const socket = io(url, { transports, auth, forceNew: true, reconnectionDelay: 10, reconnectionDelayMax: 100 });
  Object.assign(socket, { title: name, seen: [], connects: [] });
  socket.onAny((event, object) => socket.seen.push(object));
  socket.on("connect", () => socket.connects.push({ id: socket.id, recovered: socket.recovered }));
  return socket;
}
const ask = (socket, event, object) =>
  new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`${event} is not answered`)), PATIENCE);
    socket.emit(event, object, (answer) => { clearTimeout(late); resolve(answer); });
  });
const ok = async (...args) => {
  const answer = await ask(...args);
  assert.equal(answer.type, "ok", JSON.stringify(answer));
  return answer;
};
const messages = (who, room) => who.seen.filter((o) => o.type === "message" && o.room === room);
const connected = (socket, n) => until(`${socket.title} to connect ${n} times`, () => socket.connects.length >= n);
const cut = (socket) => socket.io.engine.transport.ws ? socket.io.engine.transport.ws._socket.destroy() : socket.io.engine.transport.onError("cut");

async function oneRoom() {
  const a = open("a", ["websocket"]), b = open("b", ["polling"]), c = open("c", ["polling", "websocket"]);
  for (const s of [a, b, c]) await connected(s, 1);
  const w = new WebSocket(url.replace("http", "ws") + "/ws?room=talk&since=0");
  w.seen = [];
  w.on("message", (text) => w.seen.push(JSON.parse(text)));
  await until("the WebSocket to join", () => w.seen.some((o) => o.type === "ok"));
  for (const s of [a, b, c]) assert.deepEqual((await ok(s, "join", { room: "talk", since: 0 })).room, "talk");
  for (let i = 0; i < 20; i++) {
    await Promise.all([
      ok(a, "send", { room: "talk", cid: `a${i}`, body: { n: i } }),
      ok(b, "send", { room: "talk", cid: `b${i}`, body: `text ${i}` }),
      ok(c, "send", { room: "talk", cid: `c${i}`, data: Buffer.from([i, 255]), content: "image/png" }),
    ]);
    w.send(JSON.stringify({ type: "send", room: "talk", cid: `w${i}`, body: [i] }));
  }
  for (const who of [a, b, c, w]) await until("80 messages", () => messages(who, "talk").length === 80);
  for (const who of [a, b, c]) assert.deepEqual(messages(who, "talk"), messages(w, "talk"), `${who.title} sees what the WebSocket sees`);
  assert.deepEqual(messages(w, "talk").map((m) => m.seq), Array.from({ length: 80 }, (_, i) => i + 1));
  assert.equal((await ok(a, "send", { room: "talk", cid: "a3", body: "again" })).dup, true);

  w.send(JSON.stringify({ type: "receipt", room: "talk", read: 80 }));
  for (const who of [a, b, c]) await until("the tick", () => who.seen.some((o) => o.type === "receipt" && o.read === 80));
  await ok(b, "receipt", { room: "talk", received: 80, read: 70 });
  await until("the tick", () => w.seen.some((o) => o.type === "receipt" && o.received === 80 && o.read === 70));
  await ok(b, "signal", { room: "talk", kind: "typing" });
  for (const who of [a, c, w]) await until("the signal", () => who.seen.some((o) => o.type === "signal" && o.kind === "typing" && o.name === "b"));
  const history = await ok(a, "history", { room: "talk", before: 5, limit: 2 });
  assert.deepEqual(history.messages, messages(w, "talk").slice(2, 4));
  assert.equal((await ok(a, "presence", { room: "talk" })).count, 4);

  for (const [event, object, code] of [
    ["send", { room: "talk" }, "bad_request"], ["send", "talk", "bad_request"], ["join", {}, "bad_request"],
    ["signal", { room: "elsewhere", kind: "x" }, "not_joined"], ["send", { room: "talk", body: "x".repeat(70_000) }, "too_large"],
    ["send", { room: "talk", body: 1, type: "leave" }, undefined],
  ]) assert.equal((await ask(a, event, object)).code, code, `${event} ${JSON.stringify(object).slice(0, 40)}`);
  await ok(a, "leave", { room: "talk" });
  const before = messages(a, "talk").length;
  await ok(b, "send", { room: "talk", body: "without a" });
  await until("b to see it", () => messages(b, "talk").at(-1).body === "without a");
  assert.equal(messages(a, "talk").length, before, "who has left hears nothing");

  const stranger = open("stranger", ["websocket"], { token: "not.a.token" });
  const refused = await new Promise((resolve) => stranger.once("connect_error", resolve));
  assert.equal(refused.data.code, "unauthorized");
  for (const s of [a, b, c, stranger]) s.disconnect();
  w.close();
}

// came waits for the n-th connection and checks that it goes on where the one before was.
async function came(socket, n) {
  await connected(socket, n);
  const [before, now] = socket.connects.slice(n - 2, n);
  assert.deepEqual(now, { id: before.id, recovered: true }, `${socket.title} recovers`);
}

async function recovery() {
  const speaker = open("speaker", ["websocket"]), quiet = open("quiet", ["websocket"]), poller = open("poller", ["polling"]);
  for (const s of [speaker, quiet, poller]) await connected(s, 1);
  await ok(quiet, "join", { room: "r1" });
  await ok(quiet, "join", { room: "r2" });
  await ok(poller, "join", { room: "r1" });
  const say = (room, body) => ok(speaker, "send", { room, body });
  const has = (socket, room, n) => until(`${socket.title} to have ${n} of ${room}`, () => messages(socket, room).length >= n);

  cut(quiet); // it was never sent anything
  cut(poller);
  await say("r1", "one");
  await say("r2", "two");
  await came(quiet, 2);
  await came(poller, 2);
  await has(quiet, "r1", 1);
  await has(quiet, "r2", 1);
  await has(poller, "r1", 1);

  quiet.io.opts.transports = ["polling"];
  cut(quiet);
  await say("r2", "by another transport");
  await came(quiet, 3);
  await has(quiet, "r2", 2);
  assert.equal(quiet.io.engine.transport.name, "polling");

  await ok(quiet, "leave", { room: "r1" });
  cut(quiet);
  await came(quiet, 4);
  await say("r1", "not for quiet");
  await say("r2", "for quiet");
  await has(quiet, "r2", 3);

  // kill -9, and a start on the same data.
  await fetch(control + "/kill", { method: "POST" });
  await fetch(control + "/restart", { method: "POST" });
  await came(speaker, 2);
  await say("r2", "after the restart");
  await came(quiet, 5);
  await came(poller, 3);
  await has(quiet, "r2", 4);
  await has(poller, "r1", 2);
  assert.deepEqual(messages(quiet, "r1").map((m) => m.seq), [1]);
  assert.deepEqual(messages(quiet, "r2").map((m) => m.seq), [1, 2, 3, 4], "nothing lost, nothing doubled");

  // A log that does not go back so far.
  await ok(quiet, "join", { room: "memory:short" });
  quiet.io.opts.reconnection = false;
  quiet.io._reconnection = false;
  cut(quiet);
  for (let i = 0; i < 1100; i++) await say("memory:short", i);
  quiet.connect();
  await connected(quiet, 6);
  assert.equal(quiet.connects[5].recovered, false);
  assert.notEqual(quiet.connects[5].id, quiet.connects[4].id);
  for (const s of [speaker, quiet, poller]) s.disconnect();
}

await oneRoom();
if (!old) await recovery();
console.log("everything is as it should be");
process.exit();
