"""Both doors as a stranger in Python uses them.

python3 features.py BASE ROOM
"""

import asyncio
import functools
import json
import sys

import websockets

BASE, ROOM = sys.argv[1:]

connect = functools.partial(websockets.connect, open_timeout=60, ping_timeout=60, close_timeout=60)


async def want(ws, **fields):
    """Returns the next object that has these fields."""
    while True:
        o = json.loads(await ws.recv())
        if all(o.get(name) == value for name, value in fields.items()):
            return o
        if o["type"] == "error":
            raise RuntimeError(o)


async def say(ws, **fields):
    await ws.send(json.dumps(fields))


async def native():
    async with connect(f"{BASE}/ws", subprotocols=["veche.v1"]) as ann:
        assert ann.subprotocol == "veche.v1"
        welcome = await want(ann, type="welcome")
        await say(ann, type="join", id=1, room=ROOM)
        joined = await want(ann, type="ok", id=1)
        await say(ann, type="send", id=2, room=ROOM, cid="a", body={"text": "first"})
        assert (await want(ann, type="ok", id=2))["seq"] == 1
        await say(ann, type="send", id=3, room=ROOM, cid="a", body={"text": "first"})
        again = await want(ann, type="ok", id=3)
        assert again["dup"] and again["seq"] == 1

        async with connect(f"{BASE}/ws?room={ROOM}&since=0") as bob:
            assert (await want(bob, type="message"))["body"] == {"text": "first"}
            await say(bob, type="receipt", room=ROOM, read=1)
            assert (await want(ann, type="receipt"))["received"] == 1
            await say(bob, type="send", id=1, room=ROOM, body="second")
            await want(bob, type="ok", id=1)

    async with connect(f"{BASE}/ws?hello=1") as back:
        await say(back, type="hello", resume=welcome["resume"])
        assert (await want(back, type="welcome"))["user"] == welcome["user"]
        await say(back, type="join", room=ROOM, since=1, epoch=joined["epoch"])
        second = await want(back, type="message")
        assert (second["seq"], second["body"]) == (2, "second")


async def raw():
    async with connect(f"{BASE}/raw/{ROOM}-raw") as ws:
        for body in ["вече", b"\x00\xff\n", "", "a word and " * 5000]:
            await ws.send(body)
            assert await ws.recv() == body
        await ws.send(["ве", "че", " all"])  # in fragments
        assert await ws.recv() == "вече all"
        pong = await ws.ping()
        await pong
    async with connect(f"{BASE}/raw/{ROOM}-raw?since=-2", compression=None) as ws:
        assert await ws.recv() == "a word and " * 5000
        assert await ws.recv() == "вече all"
        await ws.send(b"x" * 65537)
        try:
            await ws.recv()
        except websockets.ConnectionClosed as closed:
            assert closed.code == 1009, closed
        else:
            raise AssertionError("a body of 65,537 bytes was taken")


async def main():
    await native()
    await raw()


asyncio.run(main())
