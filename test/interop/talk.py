"""One of many in one room: says its share, hears everybody's, prints what it heard.

python3 talk.py BASE native|raw ROOM NAME SHARE ALL
"""

import asyncio
import base64
import functools
import json
import sys

import websockets

BASE, DOOR, ROOM, NAME, SHARE, ALL = sys.argv[1:4] + sys.argv[4:5] + [int(n) for n in sys.argv[5:7]]

connect = functools.partial(websockets.connect, open_timeout=60, ping_timeout=60, close_timeout=60)


async def raw():
    heard = []
    async with connect(f"{BASE}/raw/{ROOM}?since=0") as ws:
        for i in range(SHARE):
            body = f"{NAME}-{i}"
            await ws.send(body.encode() if i % 3 == 2 else body)
        while len(heard) < ALL:
            body = await ws.recv()
            heard.append(f"text {body}" if isinstance(body, str) else f"bytes {body.decode()}")
    return heard


async def native():
    heard = []
    async with connect(f"{BASE}/ws?room={ROOM}&since=0", subprotocols=["veche.v1"]) as ws:
        for i in range(SHARE):
            body = f"{NAME}-{i}"
            what = {"data": base64.b64encode(body.encode()).decode()} if i % 3 == 2 else {"body": body}
            await ws.send(json.dumps({"type": "send", "room": ROOM, "cid": body, **what}))
        while len(heard) < ALL:
            m = json.loads(await ws.recv())
            if m["type"] == "error":
                raise RuntimeError(m)
            if m["type"] != "message":
                continue
            assert m["seq"] == len(heard) + 1, f"seq {m['seq']} after {len(heard)}"
            heard.append(f"text {m['body']}" if "body" in m else f"bytes {base64.b64decode(m['data']).decode()}")
    return heard


print(json.dumps(asyncio.run(raw() if DOOR == "raw" else native())))
