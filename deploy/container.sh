#!/bin/sh
# container.sh COMMAND...: what comes before a server process in a container. The secrets are files in $SECRETS, which
# whoever comes first of the containers makes (secrets.sh); what is in the environment wins.
set -eu
cd "$(dirname "$0")/.."

secret() { cat "${SECRETS:-/secrets}/$1"; }
: "${SECRET_KEY:=$(secret secret_key)}"
: "${DATABASE_URL:=postgres://coscribe:$(secret postgres_password)@postgres:5432/coscribe}"
: "${REDIS_URL:=redis://:$(secret redis_password)@redis:6379/0}"
export SECRET_KEY DATABASE_URL REDIS_URL

case $1 in
deploy/serve.sh) .venv/bin/python deploy/migrate.py ;;
esac
exec "$@"
