"""A chat in the terminal that loses and doubles nothing: python3 chat.py [URL ROOM]"""
import asyncio, json, random, secrets, sys, time, websockets

URL, ROOM = sys.argv[1:3] or ("ws://localhost:8080/ws", "general")
at, resume = {"since": -20}, None  # up to where we have everything, and of which log; as whom
unsent, more = {}, asyncio.Event()  # cid: text, in the order of writing, until it is acknowledged

async def read():
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        unsent[f"{time.time_ns():x}-{secrets.token_hex(8)}"] = line.decode().rstrip("\n")
        more.set()
    while unsent:
        await asyncio.sleep(0.1)

async def write(say, sent):  # once on each connection, in its order, under the cid that it was given
    while more.clear() is None:
        for cid in [cid for cid in unsent if cid not in sent]:
            sent.add(cid)
            await say(type="send", id=cid, cid=cid, room=ROOM, body=unsent[cid])
        await more.wait()

async def talk(ws, live=False, writer=None):  # returns after how many seconds to come back, if told
    global resume
    say = lambda **o: ws.send(json.dumps(o))
    join = lambda: say(type="join", id=1, room=ROOM, **at)
    await say(type="hello", resume=resume)
    try:
        async for m in ws:
            match m := json.loads(m):
                case {"type": "welcome"}:
                    resume = m["resume"]
                    await join()
                case {"type": "ok", "id": 1} if m["epoch"] != at.setdefault("epoch", m["epoch"]):
                    at.update(since=0, epoch=m["epoch"])  # another log: from its beginning
                    await join()
                case {"type": "ok", "id": 1}:
                    live, at["since"] = True, at["since"] if m["head"] else 0
                    writer = writer or asyncio.create_task(write(say, set()))
                case {"type": "ok", "id": cid}:
                    unsent.pop(cid, None)
                case {"type": "message", "seq": seq} if live and at["since"] in (seq - 1, -20):
                    at["since"] = seq
                    print(seq, m.get("name") or m["from"], m.get("body", "(bytes)"), sep="\t", flush=True)
                case {"type": "gap", "why": "trimmed", "to": to} if live:
                    at["since"] = to
                case {"type": "gap"} | {"type": "message"} if live and m.get("seq", at["since"] + 1) > at["since"]:
                    live = False  # there is a hole: join again, from where we are
                    await join()
                case {"type": "error" | "bye", "retry": False} if unsent.pop(m.get("id"), None) is None:
                    raise PermissionError(m["message"])
                case {"type": "error" | "bye", "retry": True}:
                    return m.get("after")  # all that is unsent goes again on the next connection
                case {"type": "error"}:
                    print(m["message"], file=sys.stderr)  # a message that the server will never take
    finally:
        if writer: writer.cancel()

async def live(tries=0):
    while True:
        began, after = time.monotonic(), None
        try:
            async with websockets.connect(URL + "?hello=1", ping_interval=15, ping_timeout=10, max_size=1 << 22) as ws:
                after = await talk(ws)
        except PermissionError as refusal:
            return str(refusal)
        except (OSError, websockets.WebSocketException, asyncio.TimeoutError):
            pass
        tries = 0 if time.monotonic() - began > 10 else min(tries + 1, 6)
        await asyncio.sleep(random.uniform(0, min(30, 2 ** tries / 2)) if after is None else after)

async def main():
    reading, living = asyncio.create_task(read()), asyncio.create_task(live())
    await asyncio.wait({reading, living}, return_when=asyncio.FIRST_COMPLETED)
    if living.done():
        sys.exit(living.result())

asyncio.run(main())
