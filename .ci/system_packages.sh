#!/bin/sh
# What the tests need beside Python: a browser, the sandbox, and venv where the system's Python comes without it.
# Installs with apt where it may, otherwise says the line to type. Never fails: what is missing fails its own test.
# Usage: sh .ci/system_packages.sh PYTHON

python="${1:-python3}"
missing=""
command -v chromium >/dev/null 2>&1 || missing="$missing chromium"
# bubblewrap is Linux's own: nothing to install elsewhere.
[ "$(uname -s)" != Linux ] || command -v bwrap >/dev/null 2>&1 || missing="$missing bubblewrap"
if [ ! -f .venv/.ready ]; then
  "$python" -c 'import ensurepip' >/dev/null 2>&1 ||
    missing="$missing $("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
fi
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "The tests need$missing: install with your system's package manager."
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "The tests need$missing: sudo apt-get install -y$missing"
  exit 0
fi

echo "Installing$missing with apt …"
log="$(mktemp)"
# shellcheck disable=SC2086  # $missing is a list of plain package names
if { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing; } \
    </dev/null >"$log" 2>&1; then
  rm -f "$log"
else
  echo "apt could not install$missing; what it said is in $log. Later: apt-get update && apt-get install -y$missing"
fi
