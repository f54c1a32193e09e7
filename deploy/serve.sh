#!/bin/sh
# One server process of Coscribe: becomes it, so that signals reach it. Every way to run it ends here: `make run`,
# `make cluster`, the systemd units, the container.
#
#   HOST, PORT  where it listens (127.0.0.1, 8000)
#   SERVER      uvicorn or daphne (uvicorn)
#   PYTHON      whose packages (.venv/bin/python)
set -eu
cd "$(dirname "$0")/.."

host=${HOST:-127.0.0.1} port=${PORT:-8000}
max=$(printf %s "${COLLAB_MAX_MESSAGE_BYTES:-16777216}" | tr -d _)
# Deeply nested input must not overflow the C stack of the CRDT's library: as much stack as the machine allows.
# shellcheck disable=SC3045  # dash, bash and busybox know -s
ulimit -s 1048576 2>/dev/null || true

case ${SERVER:-uvicorn} in
uvicorn)
    # Whom X-Forwarded-For names is PROXY_COUNT's to say, not the server's. No deflate: Yjs updates are dense already,
    # and a few bytes of a stranger's would become many of ours.
    exec "${PYTHON:-.venv/bin/python}" -m uvicorn --host "$host" --port "$port" \
        --ws project.websocket:WebSocket --ws-max-size "$max" --ws-per-message-deflate false \
        --loop uvloop --lifespan off --log-level warning --no-access-log \
        --no-proxy-headers --no-server-header --timeout-graceful-shutdown 10 project.asgi:application
    ;;
daphne)
    exec "${PYTHON:-.venv/bin/python}" -m daphne --bind "$host" --port "$port" --verbosity 0 \
        --websocket-max-message-size "$max" --websocket-max-frame-size "$max" \
        --application-close-timeout 10 --no-server-name project.asgi:application
    ;;
*)
    echo "SERVER must be uvicorn or daphne, not '$SERVER'." >&2
    exit 1
    ;;
esac
