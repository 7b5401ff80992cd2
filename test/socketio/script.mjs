// A client script: it does everything that socket.io-client can, and returns what it sees as lines, so that two servers can be
// compared. It runs in Node (run.mjs) and in a page (page.mjs).
export async function script(io, url, bytes, options) {
  const PATIENCE = 60_000;
  options = { reconnection: false, forceNew: true, ...options };
  const log = [];
  const shown = (v) =>
    v instanceof ArrayBuffer ? "<" + [...new Uint8Array(v)] + ">"
    : ArrayBuffer.isView(v) ? "<" + [...v] + ">"
    : Array.isArray(v) ? v.map(shown)
    : v && typeof v === "object" ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, shown(x)]))
    : v;
  const note = (...what) => log.push(JSON.stringify(shown(what)));

  function open(name, nsp = "/play", auth = { name }) {
    const socket = io(url + nsp, { ...options, auth });
    socket.log = [];
    socket.onAny((...args) => {
      if (typeof args.at(-1) === "function") args.pop();
      socket.log.push(["event", ...args]);
    });
    socket.on("connect_error", (err) => socket.log.push(["connect_error", err.message, err.data]));
    socket.on("disconnect", (reason) => socket.log.push(["disconnect", reason]));
    socket.on("question", (x, ack) => ack(`${name} says ${x}`));
    socket.title = name;
    return socket;
  }
  const ask = (socket, ...args) =>
    new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${args[0]} is not answered`)), PATIENCE);
      socket.emit(...args, (...answer) => { clearTimeout(late); resolve(answer); });
    });
  const until = async (what, f) => {
    for (const deadline = Date.now() + PATIENCE; Date.now() < deadline; ) {
      if (f()) return;
      await new Promise((r) => setTimeout(r, 10));
    }
    throw new Error(`waiting for ${what}`);
  };
  // reasons waits until the server has n reasons of disconnections.
  async function reasons(socket, n) {
    const all = [];
    while (all.length < n) all.push(...(await ask(socket, "reasons"))[0]);
    return all.sort();
  }
  const connected = (socket) => until(`${socket.title} to connect`, () => socket.connected && socket.log.length > 0);

  // step names what is done, does it, and notes what each socket has seen of it.
  async function step(name, f, ...sockets) {
    note("STEP", name);
    const result = await f();
    if (result !== undefined) note("result", result);
    // twice there and back: what others sent has then arrived here
    for (const s of [...sockets, ...sockets]) if (s.connected) await ask(s, "ack");
    for (const s of sockets) for (const entry of s.log.splice(0)) note(s.title, ...entry);
  }

  try {
    const a = open("a"), b = open("b"), c = open("c");
    for (const s of [a, b, c]) await connected(s);
    const all = [a, b, c];
    await ask(a, "reasons"); // of a script before this one
    await step("connect", () => [a.id !== b.id, a.recovered === true], ...all);
    await step("echo", () => void a.emit("echo", 1, "two", { three: [true, null, 1.5] }, "ж\u2028\u0000\\\""), ...all);
    await step("no arguments", () => void a.emit("echo"), a);
    await step("ack", () => ask(a, "ack", "x", [1, { y: 2 }], null), a);
    await step("binary", () => void a.emit("binary", bytes(1, 2, 3)), a);
    await step("binary there and back", () => ask(a, "ack", bytes(9, 8), { deep: { er: bytes(7) } }), a);
    await step("empty binary", () => ask(a, "ack", bytes()), a);
    await step("large", async () => { const [s, d] = await ask(a, "ack", "x".repeat(200000), bytes(...new Array(100000).fill(1))); return [s.length, d.byteLength ?? d.length]; }, a);
    await step("join", async () => [await ask(a, "join", "r1"), await ask(b, "join", "r1"), await ask(b, "join", "r2"), await ask(b, "join", "r2")], ...all);
    await step("room", () => void c.emit("room", "r1", "to r1"), ...all);
    await step("two rooms", () => void c.emit("rooms", "r1", "r2", "once each"), ...all);
    await step("others", () => void a.emit("others", "r1", "not to me"), ...all);
    await step("except", () => void a.emit("except", "r2", "not to b"), ...all);
    await step("broadcast", () => void a.emit("broadcast", "not to a"), ...all);
    await step("private", () => void a.emit("private", c.id, "to c"), ...all);
    await step("leave", () => ask(b, "leave", "r1"), b);
    await step("room after leave", () => void c.emit("room", "r1", "to a alone"), ...all);
    await step("join all", () => ask(a, "joinAll", "everybody"), ...all);
    await step("to everybody", () => void a.emit("room", "everybody", "to all"), ...all);
    await step("leave all", () => ask(a, "leaveAll", "everybody"), ...all);
    await step("to nobody", () => void a.emit("room", "everybody", "to none"), ...all);
    await step("ask", () => ask(a, "ask", "hello"), a);
    await step("ask all", () => ask(a, "askAll", "hello"), ...all);
    await step("timeout", async () => { a.emit("slow"); await until("timedout", () => a.log.some((e) => e[1] === "timedout")); }, a);
    // Whether a poll waits just then is a matter of luck.
    if (a.io.engine.transport.name === "websocket" && options.transports.length === 1) await step("volatile", () => void a.emit("volatile"), a);
    await step("count", () => ask(a, "count"), a);
    await step("middleware of a socket", () => void a.emit("forbidden", 1), a);
    await step("order", async () => { for (let i = 0; i < 100; i++) a.emit("echo", i); await ask(a, "ack"); }, a);

    const refused = open("refused", "/play", { refuse: true });
    await step("refused", () => until("connect_error", () => refused.log.length > 0), refused);
    const nowhere = open("nowhere", "/nowhere");
    await step("unknown namespace", () => until("connect_error", () => nowhere.log.length > 0), nowhere);
    const dyn = open("dyn", "/dyn-101");
    await step("dynamic namespace", () => until("hello", () => dyn.log.length > 0));
    for (const entry of dyn.log) note("dyn", ...entry);
    dyn.disconnect();

    await step("kick", async () => { b.emit("kick"); await until("b gone", () => b.disconnected); }, a, b);
    await step("kick with its connection", async () => { c.emit("kickAll"); await until("c gone", () => c.disconnected); }, a, c);
    await step("server's reasons", () => reasons(a, 2), a);
    const d = open("d");
    await connected(d);
    d.log.length = 0;
    await step("client disconnects", async () => { d.disconnect(); await until("it is told", async () => true); }, d);
    const e = open("e");
    await connected(e);
    e.log.length = 0;
    await step("connection closed", async () => { e.io.engine.close(); await until("e gone", () => e.disconnected); }, e);
    await step("heartbeat", () => new Promise((r) => setTimeout(r, 1200)), a);
    await step("server's reasons again", () => reasons(a, 2), a);
    await ask(a, "join", "last");
    await step("kick a room", async () => { a.emit("kickRoom", "last"); await until("a gone", () => a.disconnected); }, a);
  } catch (err) {
    note("FAILED", err.message);
  }
  return log;
}
