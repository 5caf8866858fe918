#!/usr/bin/env bash
# Installs a wheelhouse into a folder, without network: `deploy/install.sh WHEELHOUSE FOLDER`. For the image: what a
# running bus never opens is left out.
set -euo pipefail
wheelhouse=$(realpath "$1") target=$2
uv=$(dirname "$0")/../.uv/bin/uv

"$uv" venv -q --python /usr/bin/python3 "$target"
"$uv" pip sync -q --offline --no-index --find-links "$wheelhouse" --require-hashes --link-mode copy \
    --python "$target/bin/python" "$wheelhouse/requirements.txt"
# pandas serves Bus.to_frame in programs, never the bus; talib, which gateways see a stand-in of, does without it.
"$uv" pip uninstall -q --python "$target/bin/python" pandas python-dateutil

site=$("$target/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
find "$site" -type d \( -name tests -o -name test \) -prune -exec rm -rf {} +
find "$site" -type f \( -name '*.pyi' -o -name '*.pyx' -o -name '*.px[di]' -o -name '*.c' -o -name '*.cpp' -o -name '*.h' \
    -o -name '*.po' \) -not -path "$site/marketbus/*" -delete
# Debug sections only, and never of a vendor's library or of one that its wheel's repair has rewritten.
find "$site" -name '*.so' -not -path '*/vnpy_*' -not -path '*.libs/*' -exec strip --strip-debug {} +
# The user that runs it may not write here, so every start would compile everything again.
"$target/bin/python" -m compileall -q --invalidation-mode unchecked-hash "$site"
mkdir "$target/cache"
cp -r "$wheelhouse/cache/marketbus" "$target/cache/"
rm -r "$target/cache/marketbus/locale" # the system's own in the image
