#!/usr/bin/env bash
# Installs dist/wheelhouse as docs/deployment.md says, in a name space without any network, and runs the demo there.
set -euo pipefail
cd "$(dirname "$0")/.."
wheelhouse=$(realpath "${1:-dist/wheelhouse}")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python=$(command -v "${PYTHON:-python3}")

cat > "$scratch/offline.sh" <<'END'
set -euo pipefail
ip link set lo up
[ "$(tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' ')" = lo ] || { echo "there is a network here" >&2; exit 1; }
"$PYTHON" -m venv marketbus
marketbus/bin/pip install -q --no-index --find-links "$WHEELHOUSE" --no-deps --require-hashes -r "$WHEELHOUSE/requirements.txt"
cp -r "$WHEELHOUSE/cache" marketbus/
export XDG_CACHE_HOME=$PWD/marketbus/cache
marketbus/bin/marketbus up --demo --duration 5 2>&1 | tee demo.log
grep -q 'first tick after' demo.log
END
# Nothing of this machine's environment: no settings of pip, no cache, no compiler that would be missed elsewhere.
cd "$scratch"
unshare --net env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$scratch" PYTHON="$python" WHEELHOUSE="$wheelhouse" \
    bash "$scratch/offline.sh"
echo "installed from $(du -sh "$wheelhouse" | cut -f1) without network: $(grep -c SIMULATED "$scratch/demo.log") lines of the demo, $(grep -o 'first tick.*' "$scratch/demo.log")"
