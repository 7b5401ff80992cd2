"""A chat in the terminal that loses and doubles nothing: python3 chat.py [URL ROOM]"""
import asyncio, json, random, secrets, sys, time, urllib.parse, websockets
URL, ROOM = sys.argv[1:3] or ("ws://localhost:8080/ws", "general")
me, at, unsent = {}, {"since": -20}, {}  # as whom, and from where, we come back; sends by cid, until acknowledged

async def write(ws, lines):
    for send in list(unsent.values()): await ws.send(send)
    async for line in lines:
        cid = f"{time.time_ns():x}-{secrets.token_hex(8)}"
        unsent[cid] = json.dumps({"type": "send", "id": cid, "cid": cid, "room": ROOM, "body": line.decode().rstrip("\n")})
        await ws.send(unsent[cid])

async def hear(ws):  # to the end, or until something is missing; returns when to come back, if that is known
    async for text in ws:
        match m := json.loads(text):
            case {"type": "welcome"}: me["resume"] = m["resume"]
            case {"type": "ok", "id": cid}: unsent.pop(cid, None)
            case {"type": "ok", "epoch": log} if log != at.get("epoch"): at.update(since=max(0, m["head"] - 20), epoch=log)
            case {"type": "message", "seq": seq} if seq == at["since"] + 1:
                at["since"] = seq
                print(seq, m.get("name") or m["from"], m.get("body", "(bytes)"), sep="\t", flush=True)
            case {"type": "gap", "why": "trimmed"}: at["since"] = m["to"]
            case {"type": "message" | "gap"}: return 0
            case {"type": "error" | "bye"}: return m.get("after") if m.get("retry") else sys.exit(m["message"])

async def main(tries=0):
    lines = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while True:
        after, where = None, urllib.parse.urlencode({"hello": 1, "room": ROOM, **at})
        try:
            async with websockets.connect(f"{URL}?{where}", ping_timeout=5) as ws, asyncio.TaskGroup() as tasks:
                await ws.send(json.dumps({"type": "hello", **me}))
                tries, writing = 0, tasks.create_task(write(ws, lines))
                after = await hear(ws)
                writing.cancel()
        except* (OSError, asyncio.TimeoutError, websockets.WebSocketException): tries += 1
        await asyncio.sleep(random.uniform(0, min(30, 2**tries)) if after is None else after)

asyncio.run(main())
