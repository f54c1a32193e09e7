#!/bin/sh
# Installs the peers, locked: the packages of package-lock.json, and those of the dependency group `bench` into a Python
# environment of their own (the application's own would lose them with the next `make build`).
set -eu
cd "$(dirname "$0")"

npm install --ignore-scripts --no-save --no-audit --no-fund --loglevel=error
if ! node -e "new (require('better-sqlite3'))(':memory:')" 2>/dev/null; then
    # Compiled where Node's headers are at hand; else the package fetches what was built for it.
    prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
    if [ -e "$prefix/include/node/node.h" ]; then
        export npm_config_nodedir="$prefix" npm_config_build_from_source=true
    fi
    npm rebuild better-sqlite3 --loglevel=error
fi

for uv in uv "$HOME/.local/bin/uv" ../../.tools/bin/uv; do
    if "$uv" --version >/dev/null 2>&1; then
        UV_PYTHON=$(readlink -f ../../.venv/bin/python) UV_PROJECT_ENVIRONMENT=$PWD/.venv \
            exec "$uv" sync --project ../.. --frozen --quiet --no-default-groups --group bench
    fi
done
echo "Install uv: it makes the environment of pycrdt-websocket." >&2
exit 1
