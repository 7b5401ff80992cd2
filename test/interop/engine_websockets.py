"""Python's websockets and the engine's echo.

python3 engine_websockets.py URL plain|deflate|BITS
python3 engine_websockets.py serve plain|deflate|BITS COMMAND ARGS...
"""

import asyncio
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory, ServerPerMessageDeflateFactory

WHAT, COMPRESSION, *COMMAND = sys.argv[1:]
OPTIONS = {"compression": "deflate" if COMPRESSION == "deflate" else None, "max_size": 1 << 20,
           "ping_timeout": 60, "close_timeout": 60}
if WHAT != "serve":
    OPTIONS["open_timeout"] = 60  # older versions know it of clients only
if COMPRESSION.isdigit():
    BITS = {"server_max_window_bits": int(COMPRESSION), "client_max_window_bits": int(COMPRESSION)}
    FACTORY = ServerPerMessageDeflateFactory if WHAT == "serve" else ClientPerMessageDeflateFactory
    OPTIONS["extensions"] = [FACTORY(**BITS)]

EVERY = bytes(range(256))
LONG = "a word and " * 40_000


async def converse(ws):
    assert bool(ws.extensions) == (COMPRESSION != "plain"), ws.extensions
    for message in ["вече", "", EVERY, LONG[:5000], bytes(200_000), LONG, b""]:
        await ws.send(message)
        assert await ws.recv() == message
    for parts in [["ве", "че", " all", ""], [LONG, "", LONG], [EVERY, EVERY]]:
        await ws.send(parts)
        assert await ws.recv() == parts[0][:0].join(parts)
    await (await ws.ping(b"are you there"))
    await ws.close(1000, "bye")
    assert ws.close_code == 1000, ws.close_code


async def client():
    async with websockets.connect(WHAT, **OPTIONS) as ws:
        await converse(ws)


async def server():
    said = asyncio.get_running_loop().create_future()

    async def handler(ws):
        try:
            said.set_result(await converse(ws))
        except BaseException as e:
            said.set_exception(e)

    async with websockets.serve(handler, "127.0.0.1", 0, **OPTIONS) as s:
        port = s.sockets[0].getsockname()[1]
        echo = await asyncio.create_subprocess_exec(COMMAND[0], "--client", f"ws://127.0.0.1:{port}/", *COMMAND[1:])
        await said
        assert await echo.wait() == 0


asyncio.run(server() if WHAT == "serve" else client())
