#!/bin/sh
# The worker: compaction, mail, the trash, sweeps, outside of the server processes. Becomes it, so that signals reach it.
set -eu
cd "$(dirname "$0")/.."

# As in serve.sh: it reads the same documents.
# shellcheck disable=SC3045
ulimit -s 1048576 2>/dev/null || true
exec .venv/bin/python manage.py work
