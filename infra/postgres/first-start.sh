#!/bin/sh
# What the container of PostgreSQL runs on its empty folder: the roles, each with its password.
set -eu
psql --no-psqlrc --quiet -v ON_ERROR_STOP=1 \
    -v owner_password="$OWNER_PASSWORD" \
    -v app_password="$APP_PASSWORD" \
    -v runtime_password="$RUNTIME_PASSWORD" \
    -f /roles.sql
