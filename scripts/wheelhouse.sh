#!/usr/bin/env bash
# Everything that a machine without network installs: a wheel of each pinned requirement (the vnpy packages compiled),
# the product's own, a requirement file with their hashes, and cache/: the zh_CN.GB18030 locale and the simulated
# libraries. For this machine's Python and distribution. `--requirements` stops after the pinned ones.
set -euo pipefail
cd "$(dirname "$0")/.."

only=
[ "${1:-}" != --requirements ] || { only=1; shift; }
out=$(realpath -m "${1:-dist/wheelhouse}")
. scripts/uv.sh
mkdir -p "$out"

export PIP_DISABLE_PIP_VERSION_CHECK=1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# pip checks hashes of what it builds with only where it is told to install it first.
"${PYTHON:-python3}" -m venv "$scratch/build"
PATH=$scratch/build/bin:$PATH
pip install -q --require-hashes -r requirements/build.txt
wheel() { pip wheel -q --no-deps --no-build-isolation -w "$out" "$@"; }

stamp=$out/.stamp
inputs=$(cat scripts/wheelhouse.sh requirements/*.txt | cksum; python -VV)
if [ ! -f "$stamp" ] || [ "$(cat "$stamp")" != "$inputs" ]; then
    echo "== wheels of requirements/server.txt (vnpy-ctp and vnpy-sopt are compiled, a minute or two)" >&2
    rm -rf "$out"/*.whl "$stamp"
    wheel --require-hashes -r requirements/server.txt
    echo "$inputs" > "$stamp"
fi
[ -z "$only" ] || exit 0

echo "== the wheels of marketbus and its accelerator" >&2
rm -f "$out"/marketbus-*.whl "$out"/marketbus_native-*.whl
wheel .
wheel ./native
(
    cd "$out"
    for wheel in *.whl; do
        IFS=- read -r name version _ <<< "$wheel"
        printf '%s==%s --hash=sha256:%s\n' "$name" "$version" "$(sha256sum "$wheel" | cut -d' ' -f1)"
    done > requirements.txt
)

echo "== installing from it, without network, to make the simulated libraries" >&2
"$uv" venv -q --python "${PYTHON:-python3}" "$scratch/venv"
"$uv" pip sync -q --offline --no-index --find-links "$out" --require-hashes --python "$scratch/venv/bin/python" "$out/requirements.txt"
rm -rf "$out/cache"
mkdir -p "$out/cache/marketbus/locale"
localedef -i zh_CN -f GB18030 --no-archive "$out/cache/marketbus/locale/zh_CN.GB18030"
# pip fetches the vendor's headers; the headers themselves are not ours to hand on.
site=$("$scratch/venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
XDG_CACHE_HOME=$out/cache PYTHONPATH=$site python -m marketbus.apps.main setup >&2
rm -rf "$out"/cache/marketbus/*-headers
du -sh "$out" | sed 's/\t.*//; s/^/== wheelhouse: /' >&2
