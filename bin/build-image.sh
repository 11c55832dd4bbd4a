#!/usr/bin/env bash
# Builds the container image without Docker and writes what an installation without network needs:
#   OUT/sekisho-image.tar            docker load -i, podman load -i
#   OUT/sekisho-image.contents.tsv   every Debian and npm package in it, with version and licence
#   OUT/sekisho-image.cdx.json       the same as a bill of materials (CycloneDX 1.6), with what is inside packages; also in the image
#   OUT/SHA256SUMS
# Usage, as root: bin/build-image.sh [--out DIR] [--base IMAGE] [--with-tests]
#   --base IMAGE   a base image that this machine can pull; default: one made here by debootstrap
#   --with-tests   also DIR/sekisho-test.tar, the image with the tests in it
# REGISTRY, an npmrc (SEKISHO_NPMRC) and authorities (SEKISHO_CA) are used for the build and are not in the image. SEKISHO_BUILD_DIR: work folder.
set -euo pipefail
cd "$(dirname "$0")/.."
out=dist base='' tests=''
while [ $# -gt 0 ]; do
  case "$1" in
    --out) out=$2; shift 2 ;;
    --base) base=$2; shift 2 ;;
    --with-tests) tests=yes; shift ;;
    *) sed -n '2,11p' "$0" >&2; exit 2 ;;
  esac
done
[ "$(id -u)" = 0 ] || { echo "build-image: run as root (buildah's chroot isolation)" >&2; exit 1; }
for tool in buildah debootstrap; do
  command -v "$tool" > /dev/null || { echo "build-image: $tool is missing: apt-get install $tool" >&2; exit 1; }
done

work=$(mktemp -d "${SEKISHO_BUILD_DIR:-/var/tmp}/sekisho-image-XXXXXX")
# Interrupted too: buildah unmounts by itself what it mounted; the storage is plain folders.
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
. bin/image/storage.sh "$work"
mkdir -p "$out"

if [ -z "$base" ]; then
  base=localhost/sekisho-base:trixie
  bin/image/base.sh "$work" "$base" > /dev/null
fi
registry=${REGISTRY:-$(npm config get registry 2>/dev/null || echo https://registry.npmjs.org/)}
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
revision=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)
common=(--build-arg "BASE=$base" --build-arg "REGISTRY=$registry" --build-arg "VERSION=$version" --build-arg "REVISION=$revision")
# Whom this machine trusts: behind a proxy that opens TLS its authority is among them.
ca=${SEKISHO_CA:-/etc/ssl/certs/ca-certificates.crt}
[ ! -f "$ca" ] || common+=(--secret "id=ca,src=$ca")
[ -z "${SEKISHO_NPMRC:-}" ] || common+=(--secret "id=npmrc,src=$SEKISHO_NPMRC")

image=localhost/sekisho:$version
"${build[@]}" "${common[@]}" --target gateway --tag "$image" . > /dev/null
save() { # image file
  rm -f "$2"
  buildah "${storage[@]}" push --quiet "$1" "docker-archive:$2:$1"
}
save "$image" "$out/sekisho-image.tar"
if [ -n "$tests" ]; then
  "${build[@]}" "${common[@]}" --target test --tag localhost/sekisho-test . > /dev/null
  save localhost/sekisho-test "$out/sekisho-test.tar"
fi

container=$(buildah "${storage[@]}" from "$image")
root=$(buildah "${storage[@]}" mount "$container")
{
  printf 'kind\tname\tversion\tlicence\n'
  chroot "$root" dpkg-query -W -f 'debian\t${Package}\t${Version}\t/usr/share/doc/${Package}/copyright\n'
  chroot "$root" node -e '
    const { readFileSync, existsSync } = require("node:fs");
    const { packages } = JSON.parse(readFileSync("/opt/sekisho/package-lock.json", "utf8"));
    for (const [path, { version, license }] of Object.entries(packages)) {
      if (path === "" || !existsSync(`/opt/sekisho/${path}`)) continue;
      console.log(["npm", path.replace(/^.*node_modules\//, ""), version, license ?? ""].join("\t"));
    }'
} > "$out/sekisho-image.contents.tsv"
cp "$root/opt/sekisho/sbom.cdx.json" "$out/sekisho-image.cdx.json"
size=$(du -sm "$root" | cut -f1)
buildah "${storage[@]}" umount "$container" > /dev/null
(cd "$out" && sha256sum sekisho-image.tar sekisho-image.contents.tsv sekisho-image.cdx.json > SHA256SUMS)
echo "image: $image, $size MiB unpacked, $(du -m "$out/sekisho-image.tar" | cut -f1) MiB as an archive, $(($(wc -l < "$out/sekisho-image.contents.tsv") - 1)) packages"
echo "written: $out/sekisho-image.tar, sekisho-image.contents.tsv, sekisho-image.cdx.json, SHA256SUMS"
