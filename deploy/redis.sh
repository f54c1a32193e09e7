#!/bin/sh
# redis.sh [COMMAND...]: a Redis with our password and without a disk, for nothing in it is of value. COMMAND starts what
# reads its configuration from the standard input.
#
#   SECRETS  the folder of secrets.sh
#   HOST, PORT, MAX_BYTES  where it listens (all addresses, 6379), and at most how much it keeps (256 MiB)
set -eu
"$(dirname "$0")/secrets.sh" "$SECRETS" "${SECRETS_MODE:-600}"
[ $# -gt 0 ] || set -- redis-server

exec "$@" - <<END
bind ${HOST:-*}
port ${PORT:-6379}
save ""
appendonly no
maxmemory ${MAX_BYTES:-268435456}
maxmemory-policy allkeys-lru
requirepass $(cat "$SECRETS/redis_password")
END
