#!/bin/sh
# Makes a secret for each variable that docker-compose.yml must be given, in infra/.env:
#
#   sh infra/secrets.sh
#
# Whoever has the file has everything, so only its owner may read it; one that is there is kept.
set -eu
cd "$(dirname "$0")"
umask 077

if [ -e .env ]; then
    echo "secrets: infra/.env is there already and stays as it is" >&2
    exit 1
fi
# As long as one process writes it under another name, nobody reads half a file.
grep -o '\${[A-Z0-9_]*:?' docker-compose.yml | tr -d '${:?' | sort -u | while read -r name; do
    printf '%s=%s\n' "$name" "$(od -An -N 20 -tx1 /dev/urandom | tr -d ' \n')"
done > .env.new
mv .env.new .env
echo "secrets: wrote infra/.env"
