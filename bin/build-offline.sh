#!/usr/bin/env bash
# Builds the archive for machines without network and without containers: OUT/sekisho-VERSION-linux-ARCH.tar.gz with Node,
# dependencies, sources, systemd units, the checksum of every file, and install.sh; beside it OUT/SHA256SUMS-offline.
# Usage: bin/build-offline.sh [--out DIR]; needs npm and the registry, no root.
set -euo pipefail
cd "$(dirname "$0")/.."
out=dist
[ "${1:-}" != --out ] || out=$2
case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) echo "build-offline: no Node for $(uname -m)" >&2; exit 1 ;; esac
version=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' package.json)
name=sekisho-$version-linux-$arch

work=$(mktemp -d "${SEKISHO_BUILD_DIR:-/var/tmp}/sekisho-offline-XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
root=$work/$name
mkdir -p "$root/bin" "$root/fixtures" "$out"
cp package.json package-lock.json .npmrc "$root"
(cd "$root" && npm ci --omit=dev --ignore-scripts --no-audit --no-fund --loglevel=error > /dev/null)
node=$root/node_modules/node-linux-$arch/bin/node
cp LICENSE NOTICE README.md SECURITY.md "$root"
cp bin/bootstrap.js bin/run.js bin/sekisho.js bin/start.js bin/sbom.js "$root/bin"
cp -R bin/sbom "$root/bin"
cp -R config src docs "$root"
cp -R fixtures/demo "$root/fixtures"
mkdir "$root/bin/image" && cp bin/image/stamp.js "$root/bin/image"
"$node" bin/image/prune-modules.js "$root" > "$work/pruned.txt"
"$node" "$root/bin/image/stamp.js" && rm -r "$root/bin/image"
cp -R bin/offline/. "$root"
# What this archive installs, engines and fonts too (CycloneDX); under the checksums like every other file.
"$node" "$root/bin/sbom.js" --installed --out "$root/sbom.cdx.json"
chmod -R a+rX,go-w "$root"

# Every file, the installer's own too; links are told by their target.
(cd "$root" && find . -type f ! -name SHA256SUMS -print0 | sort -z | xargs -0 sha256sum > SHA256SUMS)
(cd "$root" && find . -type l -printf '%p -> %l\n' | LC_ALL=C sort > "$work/links" && cp "$work/links" LINKS && sha256sum ./LINKS >> SHA256SUMS)
tar --owner=0 --group=0 --numeric-owner --sort=name -C "$work" -czf "$out/$name.tar.gz" "$name"
(cd "$out" && sha256sum "$name.tar.gz" > SHA256SUMS-offline)
echo "archive: $out/$name.tar.gz, $(du -m "$out/$name.tar.gz" | cut -f1) MiB, unpacked $(du -sm "$root" | cut -f1) MiB"
