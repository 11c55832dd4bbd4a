#!/usr/bin/env bash
# Makes a Debian 13 base image out of Debian's own packages, for machines without Docker Hub: `base.sh WORK NAME`.
# Slim as Debian's official slim image is: no manuals, no translations; licences stay. Needs root, debootstrap, buildah.
set -euo pipefail
work=$1
name=$2
# shellcheck source=bin/image/storage.sh
. "$(dirname "$0")/storage.sh" "$work"

# The mirror that this machine's apt uses.
mirror=${SEKISHO_MIRROR:-$(grep -rhoE '(https?://[^ ]*/debian)/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null | head -1 | tr -d ' ' || true)}
mirror=${mirror:-http://deb.debian.org/debian}
root=$work/rootfs
rm -rf "$root" "$work/base"
debootstrap --variant=minbase trixie "$root" "$mirror" > "$work/debootstrap.log" 2>&1 || { tail -5 "$work/debootstrap.log" >&2; exit 1; }

cat > "$root/etc/apt/sources.list" <<SOURCES
deb $mirror trixie main
deb $mirror trixie-updates main
deb ${mirror}-security trixie-security main
SOURCES
printf '%s\n' 'path-exclude /usr/share/doc/*' 'path-include /usr/share/doc/*/copyright' 'path-exclude /usr/share/man/*' \
  'path-exclude /usr/share/locale/*' 'path-exclude /usr/share/info/*' 'path-exclude /usr/share/lintian/*' > "$root/etc/dpkg/dpkg.cfg.d/slim"
printf '#!/bin/sh\nexit 101\n' > "$root/usr/sbin/policy-rc.d" && chmod 755 "$root/usr/sbin/policy-rc.d"
find "$root/usr/share/doc" -mindepth 2 ! -name copyright ! -type d -delete
find "$root/usr/share/doc" -mindepth 1 -type d -empty -delete
rm -rf "$root"/usr/share/{man,locale,info,lintian}/* "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*
: > "$root/etc/machine-id"
rm -f "$root/etc/resolv.conf" "$root/etc/hostname"

mkdir "$work/base"
tar --numeric-owner --sort=name -C "$root" -cf "$work/base/rootfs.tar" .
printf 'FROM scratch\nADD rootfs.tar /\nCMD ["bash"]\n' > "$work/base/Dockerfile"
"${build[@]}" --tag "$name" "$work/base"
rm -rf "$root" "$work/base"
