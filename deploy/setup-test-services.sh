#!/bin/sh
# What the tests need besides Python and Node: redis-server, PostgreSQL 15 or newer, pgbouncer, nginx, Chromium, a font as wide as Times, curl,
# openssl, systemd's own checks of its units. Installed where that is possible without asking (root on Debian); named otherwise. `setup-test-services.sh cluster`: what `make cluster` needs.
set -eu

missing=
command -v redis-server >/dev/null || missing="$missing redis-server"
[ -x /usr/sbin/nginx ] || command -v nginx >/dev/null || missing="$missing nginx"
if [ "${1:-}" != cluster ]; then
    command -v chromium >/dev/null || command -v google-chrome >/dev/null || missing="$missing chromium"
    fc-list 2>/dev/null | grep -q "Liberation Serif\|Times New Roman" || missing="$missing fontconfig fonts-liberation"
    command -v curl >/dev/null || missing="$missing curl"
    command -v openssl >/dev/null || missing="$missing openssl"
    [ -x /usr/sbin/pgbouncer ] || command -v pgbouncer >/dev/null || missing="$missing pgbouncer"
    command -v systemd-analyze >/dev/null || missing="$missing systemd"
fi
postgres=
for program in /usr/lib/postgresql/*/bin/initdb; do
    version=${program#/usr/lib/postgresql/}
    version=${version%%/*}
    if [ -x "$program" ] && [ "$version" -ge 15 ] 2>/dev/null; then postgres=$program; fi
done
[ -n "$postgres" ] || command -v initdb >/dev/null || missing="$missing postgresql"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing:$missing"
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
echo "These packages are needed: install them with: apt-get install$missing" >&2
exit 1
