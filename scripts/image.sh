#!/usr/bin/env bash
# Builds the image IMAGE (marketbus:VERSION) from deploy/Dockerfile with docker, podman or buildah, whichever is there.
#   ENGINE=podman       that one
#   BASE_IMAGE=...      instead of debian:bookworm-slim; Debian 12 or what is made of it
#   APT_SOURCES=FILE    apt's sources (one-line as .list, deb822 as .sources) instead of the base image's
#   CA_BUNDLE=FILE      authorities to trust while building; else that of SSL_CERT_FILE or PIP_CERT
#   BUILD_FLAGS=...     more options for the engine
# What pip is told on this machine (index, trusted hosts, proxy) and the proxy variables hold for the build too.
set -euo pipefail
cd "$(dirname "$0")/.."

works() {
    case $1 in
        docker) docker info >/dev/null 2>&1 ;; # the client alone builds nothing
        *) command -v "$1" >/dev/null ;;
    esac
}
engine=${ENGINE:-}
for each in docker podman buildah; do
    [ -n "$engine" ] || ! works "$each" || engine=$each
done
[ -n "$engine" ] || { echo "no docker (running), podman or buildah here: as root, apt-get install podman" >&2; exit 1; }

host=$(mktemp)
trap 'rm -f "$host"' EXIT
scripts/host_settings.sh > "$host"

version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)
case $engine in
    docker) build=(docker build) ;;
    podman) build=(podman build --format docker) ;; # OCI images have no health check
    buildah) build=(buildah build --format docker) ;;
    *) echo "ENGINE: docker, podman or buildah, not $engine" >&2; exit 1 ;;
esac
# shellcheck disable=SC2086  # BUILD_FLAGS are words
DOCKER_BUILDKIT=1 "${build[@]}" ${BASE_IMAGE:+--build-arg "BASE_IMAGE=$BASE_IMAGE"} --secret "id=host,src=$host" \
    ${BUILD_FLAGS:-} -f deploy/Dockerfile -t "${IMAGE:-marketbus:$version}" .
