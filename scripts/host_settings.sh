#!/usr/bin/env bash
# How this machine reaches package registries, as a script for /bin/sh that deploy/Dockerfile sources as a secret:
# proxies, pip's settings, authorities, apt's sources. Takes CA_BUNDLE and APT_SOURCES (see scripts/image.sh).
# Files it brings along lie in /run/host, which exists for as long as that shell does, so that no layer keeps it.
set -euo pipefail

export_line() { printf "export %s='%s'\n" "$1" "${2//\'/\'\\\'\'}"; }
file() { # PATH SOURCE
    printf "cat > %s <<'END OF FILE'\n" "$1"
    cat "$2"
    printf '\nEND OF FILE\n'
}

echo "trap 'rm -rf /run/host' EXIT"
echo 'mkdir -p /run/host'
for name in http_proxy https_proxy no_proxy all_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY ALL_PROXY; do
    [ -z "${!name:-}" ] || export_line "$name" "${!name}"
done

# `pip config list` has merged the machine's files, the user's, and the environment, in this order. A bare machine's
# Python has no pip; ours has one.
python="$(dirname "$0")/../.venv/bin/python"
[ -x "$python" ] || python=python3
pip_settings() {
    "$python" -m pip config list 2>/dev/null | python3 -c '
import ast, sys

KEYS = ("index-url", "extra-index-url", "find-links", "trusted-host", "proxy", "timeout", "retries")
found = {}
for line in sys.stdin:
    name, _, value = line.partition("=")
    key = name.rpartition(".")[2]
    if key in KEYS:
        found[key] = [word for word in ast.literal_eval(value).split() if not word.startswith(("/", "file:"))]
for key, words in found.items():  # the build does not see folders of this machine
    if words:
        print("PIP_" + key.upper().replace("-", "_"), *words)
'
}
while read -r variable value; do
    export_line "$variable" "$value"
done < <(pip_settings)

echo ': > /run/host/apt.conf'
bundle=${CA_BUNDLE:-${SSL_CERT_FILE:-${PIP_CERT:-}}}
if [ -n "$bundle" ]; then
    file /run/host/ca.pem "$bundle"
    for name in SSL_CERT_FILE PIP_CERT REQUESTS_CA_BUNDLE; do
        export_line "$name" /run/host/ca.pem
    done
    printf "echo 'Acquire::https::CaInfo \"/run/host/ca.pem\";' >> /run/host/apt.conf\n"
fi
if [ -n "${APT_SOURCES:-}" ]; then
    case $APT_SOURCES in *.sources) target=/run/host/apt.sources ;; *) target=/run/host/apt.list ;; esac
    file "$target" "$APT_SOURCES"
    printf "echo 'Dir::Etc::SourceList \"%s\"; Dir::Etc::SourceParts \"/dev/null\";' >> /run/host/apt.conf\n" "$target"
fi
export_line APT_CONFIG /run/host/apt.conf
