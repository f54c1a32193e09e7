#!/bin/sh
# secrets.sh FOLDER [MODE]: the secrets of an installation, a file each, made on the first start. Several may start
# together: a file appears whole or not at all, and whoever comes second uses the first one's.
set -eu
folder=$1 mode=${2:-600}

mkdir -p "$folder"
for name in secret_key postgres_password redis_password; do
    [ ! -s "$folder/$name" ] || continue
    draft=$(mktemp "$folder/.draft.XXXXXX")
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$draft"
    chmod "$mode" "$draft"
    ln "$draft" "$folder/$name" 2>/dev/null || [ -s "$folder/$name" ]
    rm -f "$draft"
done
