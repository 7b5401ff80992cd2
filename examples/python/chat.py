"""A chat in the terminal that loses and doubles nothing: python3 chat.py [URL ROOM]"""
import asyncio, json, random, secrets, sys, time, urllib.parse, websockets

URL, ROOM = sys.argv[1:3] or ("ws://localhost:8080/ws", "general")
me, at = {}, {"since": -20}  # as whom we come back; up to where we have everything, and of which log
unsent = {}  # sends by cid, in their order, until they are acknowledged

async def write(ws, lines):
    for send in list(unsent.values()):
        await ws.send(send)
    async for line in lines:
        cid = f"{time.time_ns():x}-{secrets.token_hex(8)}"
        unsent[cid] = json.dumps({"type": "send", "id": cid, "cid": cid, "room": ROOM, "body": line.decode().rstrip("\n")})
        await ws.send(unsent[cid])

async def hear(ws):  # to the end, or until something is missing; returns when to come back, if that is known
    async for text in ws:
        m = json.loads(text)
        what, ahead = m["type"], m.get("seq", 0) - at["since"]
        if what == "welcome":
            me["resume"] = m["resume"]
        elif what == "ok" and "id" in m:
            unsent.pop(m["id"], None)
        elif what == "ok" and m["epoch"] != at.get("epoch"):  # the first time, or the log is another one
            at.update(since=max(0, m["head"] - 20) if at["since"] < 0 else 0, epoch=m["epoch"])
        elif what == "message" and ahead == 1:
            at["since"] = m["seq"]
            print(m["seq"], m.get("name") or m["from"], m.get("body", "(bytes)"), sep="\t", flush=True)
        elif what == "gap" and m["why"] == "trimmed":
            at["since"] = m["to"]
        elif what == "gap" or what == "message" and ahead > 1:
            return 0
        elif what in ("error", "bye"):
            return m.get("after") if m["retry"] else sys.exit(m["message"])

async def main(tries=0):
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while True:
        after, writing, where = None, None, urllib.parse.urlencode({"hello": 1, "room": ROOM, **at})
        try:
            async with websockets.connect(f"{URL}?{where}", ping_timeout=10) as ws:
                await ws.send(json.dumps({"type": "hello", **me}))
                tries, writing = 0, asyncio.create_task(write(ws, lines))
                after = await hear(ws)
        except (OSError, asyncio.TimeoutError, websockets.WebSocketException):
            tries += 1
        if writing:
            writing.cancel()
        await asyncio.sleep(random.uniform(0, min(30, 2 ** tries)) if after is None else after)

asyncio.run(main())
