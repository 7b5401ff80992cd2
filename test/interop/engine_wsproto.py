"""Python's wsproto and the engine's echo, over sockets of our own.

python3 engine_wsproto.py URL plain|deflate|BITS
python3 engine_wsproto.py serve plain|deflate|BITS COMMAND ARGS...
"""

import socket
import subprocess
import sys

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, Request, TextMessage,
)
from wsproto.extensions import PerMessageDeflate

WHAT, COMPRESSION, *COMMAND = sys.argv[1:]
DEFLATE = [PerMessageDeflate()] if COMPRESSION == "deflate" else []
if COMPRESSION.isdigit():
    DEFLATE = [PerMessageDeflate(server_max_window_bits=int(COMPRESSION), client_max_window_bits=int(COMPRESSION))]

EVERY = bytes(range(256))
LONG = "a word and " * 40_000


class Peer:
    def __init__(self, sock, side):
        self.sock = sock
        self.ws = WSConnection(side)
        self.events = iter(())

    def send(self, event):
        self.sock.sendall(self.ws.send(event))

    def next(self):
        """Returns the next event."""
        while True:
            for event in self.events:
                return event
            self.ws.receive_data(self.sock.recv(65536) or None)
            self.events = self.ws.events()

    def message(self, parts):
        kind = TextMessage if isinstance(parts[0], str) else BytesMessage
        for i, part in enumerate(parts):
            self.send(kind(data=part, message_finished=i == len(parts) - 1))

    def heard(self):
        """Returns the next message whole."""
        parts = []
        while True:
            event = self.next()
            parts.append(event.data)
            if event.message_finished:
                return type(event.data)().join(parts)

    def converse(self):
        for parts in [["вече"], [""], [EVERY], [LONG[:5000]], [bytes(200_000)], [LONG], [b""],
                      ["ве", "че", " all", ""], [LONG, "", LONG], [EVERY, EVERY]]:
            self.message(parts)
            assert self.heard() == type(parts[0])().join(parts)
        self.send(Ping(payload=b"are you there"))
        assert self.next() == Pong(payload=b"are you there")
        self.send(CloseConnection(code=1000, reason="bye"))
        event = self.next()
        assert isinstance(event, CloseConnection) and event.code == 1000, event
        self.sock.close()


def client():
    host = WHAT.removeprefix("ws://")
    name, port = host.split(":")
    peer = Peer(socket.create_connection((name, int(port)), timeout=120), ConnectionType.CLIENT)
    peer.send(Request(host=host, target="/", extensions=DEFLATE))
    accepted = peer.next()
    assert isinstance(accepted, AcceptConnection), accepted
    assert bool(accepted.extensions) == bool(DEFLATE), accepted
    peer.converse()


def server():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        echo = subprocess.Popen([COMMAND[0], "--client", url, *COMMAND[1:]])
        sock, _ = listener.accept()
        sock.settimeout(120)
        peer = Peer(sock, ConnectionType.SERVER)
        request = peer.next()
        assert bool(request.extensions) == bool(DEFLATE), request
        peer.send(AcceptConnection(extensions=DEFLATE))
        peer.converse()
        assert echo.wait(120) == 0


server() if WHAT == "serve" else client()
