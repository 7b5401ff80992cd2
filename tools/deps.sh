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
# Debian's package is for Debian's interpreter, whatever else is called python3 here.
/usr/bin/python3 -c 'import websockets' 2>/dev/null || missing+=(python3-websockets)

[ ${#missing[@]} -eq 0 ] && exit 0

sudo=
[ "$(id -u)" -eq 0 ] || sudo=sudo
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q
$sudo apt-get install -q -y --no-install-recommends "${missing[@]}"
