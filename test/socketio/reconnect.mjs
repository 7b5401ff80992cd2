// A writer and a reader over a bad network: the reader reconnects N times, and must have each message once.
// node reconnect.mjs BADURL GOODURL CONTROL TRANSPORTS N
import assert from "node:assert/strict";
import { io } from "socket.io-client";

const [bad, good, control, transports, n] = process.argv.slice(2);
const room = "reconnect";
const options = { forceNew: true, reconnectionDelay: 1, reconnectionDelayMax: 50, randomizationFactor: 0, timeout: 2000 };
const writer = io(good, { ...options, transports: ["websocket"] });
const reader = io(bad, { ...options, transports: transports.split(","), auth: { name: "reader" } });

let connects = 0, lost = 0, last = 0, joined = false, sent = 0, over = false;
const wrong = [];
reader.on("message", (m) => {
  if (m.seq !== last + 1) wrong.push(`${m.seq} after ${last}`);
  last = m.seq;
});
reader.on("gap", (g) => wrong.push(`a gap ${JSON.stringify(g)}`));
reader.on("connect", async () => {
  connects++;
  if (joined && !reader.recovered) lost++;
  while (!joined && reader.connected) {
    const answer = await reader.timeout(2000).emitWithAck("join", { room, since: last }).catch(() => undefined);
    joined ||= answer?.type === "ok";
  }
  // Some connections live until the network ends them by itself, if it does soon, most until now. (The client's own
  // engine.close() would do too, but with a poll under way the client then takes what comes with it, and asks for it again.)
  setTimeout(() => !over && fetch(control, { method: "POST" }), connects % 5 ? 1 + (connects % 7) : 100);
});
const tick = (ms) => new Promise((r) => setTimeout(r, ms));
const speaking = (async () => {
  while (!over) {
    const answer = await writer.timeout(5000).emitWithAck("send", { room, cid: `m${sent}`, body: "x".repeat(sent % 300) }).catch(() => undefined);
    if (answer?.type === "ok") sent++;
    await tick(2);
  }
})();
const began = Date.now();
while (connects <= Number(n)) {
  await tick(20);
  assert.ok(Date.now() - began < 150_000, `only ${connects} connections`);
}
over = true;
await speaking;
for (let i = 0; last < sent && i < 1500; i++) await tick(10);
assert.deepEqual(wrong, []);
assert.equal(last, sent);
assert.equal(lost, 0, "connections that did not recover");
console.log(`${connects} connections, ${sent} messages, ${Date.now() - began} ms`);
process.exit();
