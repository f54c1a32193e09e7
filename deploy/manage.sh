#!/bin/sh
# manage.sh COMMAND...: a command of manage.py as the servers of this machine run: by their user, with their environment.
set -eu
cd "$(dirname "$0")/.."

# As systemd reads it: a value is what stands there, no shell's.
while IFS= read -r line; do
    case $line in
    '' | '#'*) ;;
    *=*) export "${line?}" ;;
    esac
done <"${ENV_FILE:-/etc/coscribe.env}"
umask 027
if [ "$(id -u)" = 0 ]; then
    exec runuser --user coscribe -- .venv/bin/python manage.py "$@"
fi
exec .venv/bin/python manage.py "$@"
