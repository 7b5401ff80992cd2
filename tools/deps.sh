#!/usr/bin/env bash
# Installs the Debian packages that the tests need and this machine lacks. Says nothing and takes no
# time when nothing is missing.
set -euo pipefail

missing=()
need() { # need COMMAND PACKAGE...
  command -v "$1" >/dev/null || missing+=("${@:2}")
}
need gcc gcc libc6-dev # the race detector links with it
need node nodejs
need npm npm
need curl curl
need /usr/bin/chromium chromium fonts-liberation
# Debian's packages are for Debian's interpreter, whatever else is called python3 here.
/usr/bin/python3 -c 'import websockets' 2>/dev/null || missing+=(python3-websockets)
/usr/bin/python3 -c 'import wsproto' 2>/dev/null || missing+=(python3-wsproto)
/usr/bin/python3 -c "import socketio, requests, websocket" 2>/dev/null || missing+=(python3-socketio python3-requests python3-websocket)

if [ ${#missing[@]} -gt 0 ]; then
  sudo=
  [ "$(id -u)" -eq 0 ] || sudo=sudo
  echo "installing: ${missing[*]}"
  $sudo apt-get update -q
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
fi

# Debian 12 has an older one than the page's tools take.
if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || a === 20 && b >= 19 ? 0 : 1)'; then
  echo "Node $(node --version) is here, 20.19 or newer is needed" >&2
  exit 1
fi
