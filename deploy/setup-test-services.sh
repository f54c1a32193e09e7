#!/bin/sh
# What the tests need besides Python and Node: redis-server, PostgreSQL 15 or newer, Chromium. Installed where that is
# possible without asking (root on Debian); named otherwise.
set -eu

missing=
command -v redis-server >/dev/null || missing="$missing redis-server"
command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$missing chromium"
postgres=
for program in /usr/lib/postgresql/*/bin/initdb; do
    version=${program#/usr/lib/postgresql/}
    version=${version%%/*}
    if [ -x "$program" ] && [ "$version" -ge 15 ] 2>/dev/null; then postgres=$program; fi
done
[ -n "$postgres" ] || command -v initdb >/dev/null || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing for the tests:$missing"
    log=$(mktemp)
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # a list of packages
    if apt-get -o DPkg::Lock::Timeout=120 update >"$log" 2>&1 &&
        apt-get -o DPkg::Lock::Timeout=120 install --yes --no-install-recommends $missing >>"$log" 2>&1
    then
        rm -f "$log"
        exit 0
    fi
    tail -20 "$log" >&2
fi
echo "The tests need these packages: install them with: apt-get install$missing" >&2
exit 1
