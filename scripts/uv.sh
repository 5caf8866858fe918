# Sourced from the repository's root: pip and uv, pinned, in .uv. Sets `uv`; takes PYTHON.
if [ ! -x .uv/bin/uv ]; then
    echo "== installing uv" >&2
    "${PYTHON:-python3}" -m venv .uv
    .uv/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.txt
fi
uv=.uv/bin/uv
