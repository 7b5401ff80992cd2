// Connection State Recovery in a program's own rooms. It starts the server by itself: node keeper.mjs BINARY CLIENT [DIR]
// With DIR the server is killed and must recover from what it has there.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

const [binary, client, dir] = process.argv.slice(2);
const { io } = await import(client);

let server, address = "127.0.0.1:0";
async function start() {
  server = spawn(binary, [], { env: { ...process.env, KEEP_AT: address, KEEP_IN: dir ?? "" }, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: server.stdout })) {
    address = line.slice("http://".length);
    return;
  }
}
await start();
process.on("exit", () => server.kill("SIGKILL"));

const PATIENCE = 60_000;
const until = async (what, f) => {
  for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
    if (await f()) return;
    await new Promise((r) => setTimeout(r, 10));
  }
  throw new Error(`waiting for ${what}`);
};
const ask = (s, ...args) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`${args[0]} is not answered`)), PATIENCE);
  s.emit(...args, (...answer) => resolve(answer));
});
function open(name, transports) {
  const s = io("http://" + address, { transports, forceNew: true, reconnectionDelay: 200, reconnectionDelayMax: 300, randomizationFactor: 0 });
  s.said = [];
  s.connects = 0;
  s.on("connect", () => s.connects++);
  s.on("said", (text) => s.said.push(typeof text === "string" ? text : [...new Uint8Array(text)].join()));
  s.title = name;
  return s;
}
const heard = async (s, ...want) => {
  await until(`${s.title} to hear ${want}, who has ${s.said}`, () => s.said.length >= want.length);
  assert.deepEqual(s.said, want, s.title);
};
// away cuts connections, does something, and waits until all are back, as who they were.
async function away(sockets, f) {
  const before = sockets.map((s) => [s.id, s.connects]);
  for (const s of sockets) s.io.engine.close();
  await until("the end", () => sockets.every((s) => !s.connected));
  await f();
  await until("them to be back", () => sockets.every((s, i) => s.connected && s.connects > before[i][1]));
  sockets.forEach((s, i) => assert.deepEqual([s.id, s.recovered], [before[i][0], true], s.title));
}

const a = open("a", ["websocket"]), quiet = open("quiet", ["websocket"]), writer = open("writer", ["websocket"]);
await until("all", () => a.connected && quiet.connected && writer.connected);
await ask(a, "join", "r");
await ask(a, "name", "Ann");
await ask(quiet, "join", "q");
writer.emit("say", "r", "one");
await heard(a, "one");

await away([a, quiet], async () => {
  for (const [room, text] of [["r", "two"], ["elsewhere", "not for them"], ["q", "hello"], ["r", "three"], [a.id ?? "", "x"]]) writer.emit("say", room, text);
  writer.emit("bytes", "r", Buffer.from([1, 2, 3]));
  await ask(writer, "who");
});
await heard(a, "one", "two", "three", "1,2,3");
await heard(quiet, "hello");
assert.deepEqual(await ask(a, "who"), ["Ann", ["r"], true]);

// What is not kept is not taken for an offset, though it ends with a string.
let loose = false;
a.once("loose", () => (loose = true));
await until("a to hear what is volatile", () => { a.emit("loose", "no offset"); return loose; });
await away([a], async () => {});

// To another transport, and past middleware that would refuse it now.
a.io.opts.transports = ["polling"];
a.io.opts.query = { late: "1" };
await away([a], async () => { writer.emit("others", "r", "four"); await ask(writer, "who"); });
assert.equal(a.io.engine.transport.name, "polling");
await heard(a, "one", "two", "three", "1,2,3", "four");

// Cut off twice without a word between.
await away([quiet], async () => {});
await away([quiet], async () => { writer.emit("say", "q", "again"); await ask(writer, "who"); });
await heard(quiet, "hello", "again");

if (dir) {
  const id = a.id;
  writer.emit("say", "r", "five");
  await heard(a, "one", "two", "three", "1,2,3", "four", "five");
  const all = [a, quiet, writer], n = all.map((s) => s.connects), ids = all.map((s) => s.id);
  server.kill("SIGKILL");
  await until("the end", () => all.every((s) => !s.connected));
  await start();
  await until("all to be back", () => all.every((s, i) => s.connected && s.connects > n[i]));
  assert.deepEqual(all.map((s) => [s.id, s.recovered]), ids.map((id) => [id, true]));
  writer.emit("say", "r", "six");
  await heard(a, "one", "two", "three", "1,2,3", "four", "five", "six");
  writer.emit("say", "q", "once more");
  await heard(quiet, "hello", "again", "once more");
  assert.deepEqual([id, await ask(a, "who")], [a.id, ["Ann", ["r"], true]]);
}

// Who goes for good is not recovered.
const id = quiet.id, wire = quiet.io.engine.transport.ws;
quiet.disconnect();
await until("the server to have read that", () => wire.readyState === 3); // else the next connection may overtake it
quiet.connect();
await until("quiet to be back", () => quiet.connected);
assert.notEqual(quiet.id, id);
assert.equal(quiet.recovered, false);
assert.deepEqual(await ask(quiet, "who"), [null, [], false]);
console.log("ok");
process.exit();
