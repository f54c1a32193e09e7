#!/bin/sh
# Installs the locked packages of a folder with a package-lock.json: setup-frontend.sh frontend
set -eu
cd "$(dirname "$0")/.."

if ! node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null
then
    echo "Install Node.js 20.19 or newer with npm (found: $(node --version 2>/dev/null || echo none))." >&2
    exit 1
fi
# Not `npm ci`: it insists on entries for the optional packages of all platforms, and not every registry serves them all.
# What is in the lock file is installed in that version with that checksum, and the file is not written.
npm --prefix "$1" install --no-save --no-audit --no-fund --loglevel=error
