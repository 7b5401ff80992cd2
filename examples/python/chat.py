"""A chat in the terminal that loses and doubles nothing: python3 chat.py [URL ROOM]"""
import asyncio, json, random, secrets, sys, time, websockets

URL, ROOM = sys.argv[1:3] or ("ws://localhost:8080/ws", "general")
at, me = {"since": -20}, {}  # up to where we have everything, and of which log; as whom
unsent, more = {}, asyncio.Event()  # cid: text, in the order of writing, until it is acknowledged

async def read():
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        unsent[f"{time.time_ns():x}-{secrets.token_hex(8)}"] = line.decode().rstrip("\n")
        more.set()

async def write(say, sent):  # each once on a connection, in its order, under the cid that it was given
    while more.clear() is None:
        for cid in [cid for cid in unsent if cid not in sent]:
            sent.add(cid)
            await say(type="send", id=cid, cid=cid, room=ROOM, body=unsent[cid])
        await more.wait()

async def hear(ws, say, live=False):  # until the end, or until the server says when to come back
    async for text in ws:
        m = json.loads(text)
        what, seq, join = m["type"], m.get("seq", 0), m["type"] == "welcome"
        if join:
            me["resume"] = m["resume"]
        elif what == "ok" and m["id"] == "join":
            live = m["epoch"] == at.setdefault("epoch", m["epoch"])
            if not live or m["head"] == 0:  # not live: another log, from its beginning
                at.update(since=0, epoch=m["epoch"])
            join = not live
        elif what == "ok":
            unsent.pop(m["id"], None)
        elif what == "message" and live and at["since"] in (seq - 1, -20):
            at["since"] = seq
            print(seq, m.get("name") or m["from"], m.get("body", "(bytes)"), sep="\t", flush=True)
        elif what == "gap" and live and m["why"] == "trimmed":
            at["since"] = m["to"]
        elif live and (what == "gap" or what == "message" and seq > at["since"]):
            live, join = False, True  # something is missing: again from where we are
        elif what in ("error", "bye"):
            return m.get("after") if m["retry"] else sys.exit(m["message"])
        if join:
            await say(type="join", id="join", room=ROOM, **at)

async def main(tries=0):
    reading = asyncio.create_task(read())  # kept, or it would be collected
    while True:
        began, after, writing = time.monotonic(), None, None
        try:
            async with websockets.connect(URL + "?hello=1", ping_interval=15, ping_timeout=10, max_size=1 << 22) as ws:
                say = lambda **o: ws.send(json.dumps(o))
                await say(type="hello", **me)
                writing = asyncio.create_task(write(say, set()))
                after = await hear(ws, say)
        except (OSError, websockets.WebSocketException, asyncio.TimeoutError):
            pass
        if writing:
            writing.cancel()
        tries = 0 if time.monotonic() - began > 10 else min(tries + 1, 6)
        await asyncio.sleep(random.uniform(0, min(30, 2 ** tries / 2)) if after is None else after)

asyncio.run(main())
