# The Python client as a stranger: python3 client.py URL TRANSPORT. It fails if anything is not as it should be.
import sys
import threading

import socketio

url, transport = sys.argv[1:3]
seen, changed = [], threading.Condition()
sio = socketio.Client(reconnection=False)


def note(*what):
    with changed:
        seen.append(what)
        changed.notify_all()


def wait_for(*what):
    with changed:
        if not changed.wait_for(lambda: what in seen, timeout=60):
            sys.exit(f"waiting for {what}, seen {seen}")


@sio.on("*", namespace="/play")
def any_event(event, *args):
    note(event, *args)


sio.on("connect", lambda: note("connect"), namespace="/play")
sio.on("disconnect", lambda *_: note("disconnect"), namespace="/play")
sio.on("question", lambda x: f"python says {x}", namespace="/play")

sio.connect(url, transports=[transport], namespaces=["/play"], auth={"name": "python"}, wait_timeout=60)
wait_for("connect")
assert sio.transport() == transport, sio.transport()


def ask(*args):
    event, *rest = args
    return sio.call(event, tuple(rest), namespace="/play", timeout=60)


assert ask("ack", "x", 1.5) == ["x", 1.5] or ask("ack", "x", 1.5) == ("x", 1.5)
sio.emit("echo", ("ж", {"a": [1, None]}), namespace="/play")
wait_for("echo", "ж", {"a": [1, None]})
sio.emit("binary", b"\x01\x02\x03", namespace="/play")
wait_for("binary", b"\x03\x02\x01", {"nested": [b"\x01\x02\x03"]})
assert ask("join", "py") == 2
sio.emit("room", ("py", "to py"), namespace="/play")
wait_for("room", "to py")
assert ask("ask", "hello") == "python says hello"
sio.emit("kick", namespace="/play")
wait_for("disconnect")
sio.disconnect()
print("everything is as it should be")
