// A writer, and readers over a bad network: they reconnect N times together, and each must have each message once.
// node reconnect.mjs BADURL GOODURL CONTROL TRANSPORTS N
import assert from "node:assert/strict";
import { io } from "socket.io-client";

const [bad, good, control, transports, n] = process.argv.slice(2);
const room = "reconnect";
const options = { forceNew: true, reconnectionDelay: 1, reconnectionDelayMax: 50, randomizationFactor: 0, timeout: 2000 };
const writer = io(good, { ...options, transports: ["websocket"] });
let connects = 0, lost = 0, sent = 0, over = false;
const wrong = [];

// read makes a reader, which joins once and from then on relies on recovery.
function read(name) {
  const reader = io(bad, { ...options, transports: transports.split(","), auth: { name } });
  const state = { last: 0 };
  let joined = false;
  reader.on("message", (m) => {
    if (m.seq !== state.last + 1) wrong.push(`${name}: ${m.seq} after ${state.last}`);
    state.last = m.seq;
  });
  reader.io.on("open", () => {
    // A client whose WebSocket is cut just as it has paused its polls for the upgrade stays paused, and would know only when no ping
    // has come for pingInterval + pingTimeout, 45 s.
    const { engine } = reader.io;
    engine.on("upgradeError", () => engine.upgrading && engine._onClose("the upgrade was cut off"));
  });
  reader.on("gap", (g) => wrong.push(`${name}: a gap ${JSON.stringify(g)}`));
  reader.on("connect", async () => {
    const n = ++connects;
    if (joined && !reader.recovered) lost++;
    while (!joined && reader.connected) {
      const answer = await reader.timeout(2000).emitWithAck("join", { room, since: state.last }).catch(() => undefined);
      joined ||= answer?.type === "ok";
    }
    // Some connections live until the network ends them by itself, if it does soon, most until now. (The client's own
    // engine.close() would do too, but with a poll under way the client then takes what comes with it, and asks for it again.)
    setTimeout(() => !over && fetch(control, { method: "POST" }), n % 5 ? 5 + (n % 7) : 100);
  });
  return state;
}
const readers = ["ann", "bob", "cy", "dee"].map(read);

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
  assert.ok(Date.now() - began < 360_000, `only ${connects} connections`);
}
over = true;
await speaking;
for (const deadline = Date.now() + 150_000; readers.some((r) => r.last < sent) && Date.now() < deadline; ) await tick(10);
assert.deepEqual(wrong, []);
for (const r of readers) assert.equal(r.last, sent);
assert.equal(lost, 0, "connections that did not recover");
console.log(`${connects} connections, ${sent} messages, ${Date.now() - began} ms`);
process.exit();
