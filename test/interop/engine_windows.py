"""Zlib beside the engine's echo: what is sent keeps to the window that was agreed on, at every byte.

python3 engine_windows.py URL
python3 engine_windows.py serve COMMAND ARGS...
"""

import base64
import hashlib
import re
import socket
import struct
import subprocess
import sys
import zlib

WHAT, *COMMAND = sys.argv[1:]
TAIL = b"\x00\x00\xff\xff"

# Each next message refers to earlier ones, near and far, if it may.
WORDS = [b"general", b"message", b"subject", b"hello", b"assembly", b"everyone", b"is heard", b"room"]
MESSAGES = [b", ".join(WORDS[(i * j + j * j) % 8] + b" %d" % (i + j % 50) for j in range(n)) for i, n in enumerate([40, 40, 2000, 100, 40, 6000])]


def inflate(z, data):
    """Inflates byte by byte, so that zlib has nothing behind a byte but its window."""
    out, rest = [], data + TAIL
    while True:
        byte = z.decompress(rest, 1)
        rest = z.unconsumed_tail
        if not byte and not rest:
            return b"".join(out)
        out.append(byte)


class Peer:
    def __init__(self, sock, masked):
        self.file, self.masked = sock.makefile("rwb"), masked

    def head(self):
        lines = iter(lambda: self.file.readline().decode().rstrip("\r\n"), "")
        first = next(lines)
        return first, {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}

    def say(self, *lines):
        self.file.write("\r\n".join([*lines, "", ""]).encode())
        self.file.flush()

    def send(self, first, data):
        mask = 0x80 if self.masked else 0
        n = len(data)
        size = struct.pack("!B", mask | n) if n < 126 else struct.pack("!BH", mask | 126, n) if n < 1 << 16 else struct.pack("!BQ", mask | 127, n)
        self.file.write(bytes([first]) + size + bytes(4 if self.masked else 0) + data)  # a mask of zeros
        self.file.flush()

    def receive(self):
        first, second = self.file.read(2)
        n = second & 0x7F
        if n > 125:
            n = struct.unpack("!H" if n == 126 else "!Q", self.file.read(2 if n == 126 else 8))[0]
        mask = self.file.read(4) if second & 0x80 else bytes(4)
        data = self.file.read(n)
        return first, bytes(c ^ mask[i % 4] for i, c in enumerate(data))

    def converse(self, bits):
        mine, theirs = zlib.compressobj(6, zlib.DEFLATED, -15), zlib.decompressobj(-bits)
        for message in MESSAGES:
            data = mine.compress(message) + mine.flush(zlib.Z_SYNC_FLUSH)
            self.send(0xC2, data.removesuffix(TAIL))
            first, data = self.receive()
            assert first == 0xC2, first
            assert inflate(theirs, data) == message
        self.send(0x88, b"\x03\xe8")
        assert self.receive() == (0x88, b"\x03\xe8")
        self.file.close()  # or the socket stays open


def client(bits):
    host = WHAT.removeprefix("ws://")
    name, port = host.split(":")
    with socket.create_connection((name, int(port)), timeout=120) as sock:
        peer = Peer(sock, masked=True)
        offer = f"permessage-deflate; server_max_window_bits={bits}"
        peer.say("GET / HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", f"Sec-WebSocket-Extensions: {offer}")
        status, fields = peer.head()
        assert " 101 " in status, status
        assert fields["sec-websocket-extensions"] == offer, fields
        peer.converse(bits)


def server(bits):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(120)
        url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
        echo = subprocess.Popen([COMMAND[0], "--client", url, *COMMAND[1:]])
        sock, _ = listener.accept()
        with sock:
            sock.settimeout(120)
            peer = Peer(sock, masked=False)
            _, fields = peer.head()
            assert re.search(r"permessage-deflate;.*client_max_window_bits", fields["sec-websocket-extensions"]), fields
            accept = hashlib.sha1((fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
            peer.say("HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
                     "Sec-WebSocket-Accept: " + base64.b64encode(accept).decode(),
                     f"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits={bits}")
            peer.converse(bits)
        assert echo.wait(120) == 0


for bits in range(8, 16):
    server(bits) if WHAT == "serve" else client(bits)
