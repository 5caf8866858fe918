#!/usr/bin/env bash
# Sees to it that prometheus and promtool are installed.
set -euo pipefail
command -v prometheus >/dev/null && command -v promtool >/dev/null && exit 0
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends prometheus >/dev/null
else
    printf '== missing: prometheus. As root: apt-get install prometheus\n' >&2
    exit 1
fi
