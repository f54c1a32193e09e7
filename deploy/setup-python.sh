#!/bin/sh
# Makes .venv from uv.lock with whatever Python from 3.12 on this machine has. Arguments are uv sync's: --no-dev.
set -eu
cd "$(dirname "$0")/.."

fail() { echo "$1" >&2; exit 1; }
is_new() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 12))' >/dev/null 2>&1; }

# A name on PATH may be a shim that only complains: each candidate is asked.
python=
for candidate in python3.12 python3.13 python3.14 python3.15 python3 python "${PYENV_ROOT:-$HOME/.pyenv}"/versions/*/bin/python3; do
    if is_new "$candidate"; then
        python=$("$candidate" -c 'import sys; print(sys.executable)')
        break
    fi
done

uv=
for candidate in uv "$HOME/.local/bin/uv" .tools/bin/uv; do
    if "$candidate" --version >/dev/null 2>&1; then uv=$candidate; break; fi
done
if [ -z "$uv" ]; then
    maker=${python:-python3}
    # shellcheck disable=SC2015  # either failing is a failure
    "$maker" -m venv .tools >/dev/null 2>&1 && .tools/bin/pip install --quiet --disable-pip-version-check uv ||
        fail "Install Python 3.12 or newer with its venv module (Debian: apt-get install python3 python3-venv), or uv."
    uv=.tools/bin/uv
fi

if [ -n "$python" ]; then
    UV_PYTHON=$python "$uv" sync --frozen --quiet "$@" || fail "The packages of uv.lock could not be installed: check the network."
else
    # uv fetches a Python where there is a network.
    UV_PYTHON=3.12 "$uv" sync --frozen --quiet "$@" 2>/dev/null ||
        fail "Install Python 3.12 or newer (none was found, and uv could not fetch one)."
fi
