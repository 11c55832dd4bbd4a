#!/usr/bin/env bash
# Installs from Debian's packages what the service tests and the evidence need beside Node:
# judges (poppler, qpdf, mupdf, pikepdf), the jail’s launcher bwrap, gcc for its escape probe, strace, and the peers of the bench.
# «neighbours»: mail servers in front and behind, a load balancer. «client»: a mail client, for the picture of the evidence.
# «tests»: judges and neighbours, all that the service tests need.
# «image»: what builds the container image without Docker and runs it.
# Usage: npm run setup:services [-- judges|neighbours|tests|client|peers|image|all]   (default: judges)
set -euo pipefail

judges=(bubblewrap gcc libc6-dev poppler-utils qpdf mupdf-tools python3-pikepdf strace openssl swaks libimage-exiftool-perl
  ripmime mpack maildrop mblaze libmime-tools-perl libemail-mime-perl p7zip-full unzip clamav
  file yara python3-yara python3-olefile mutt libmime-lite-perl
  python3-pil libheif-examples librsvg2-bin libtiff-tools lhasa unar libarchive-tools genisoimage)
peers=(postfix amavisd-new clamav-daemon clamav netcat-openbsd
  ghostscript poppler-utils img2pdf mupdf-tools qpdf imagemagick libvips-tools)
neighbours=(postfix dovecot-imapd dovecot-lmtpd haproxy swaks openssl)
client=(sylpheed xvfb xdotool imagemagick fonts-noto-cjk)
image=(buildah debootstrap bubblewrap)

case "${1:-judges}" in
  judges) wanted=("${judges[@]}") ;;
  peers) wanted=("${peers[@]}") ;;
  neighbours) wanted=("${neighbours[@]}") ;;
  tests) wanted=("${judges[@]}" "${neighbours[@]}") ;;
  client) wanted=("${client[@]}") ;;
  image) wanted=("${image[@]}") ;;
  all) wanted=("${judges[@]}" "${peers[@]}" "${neighbours[@]}" "${client[@]}" "${image[@]}") ;;
  *) echo "setup-services: judges, neighbours, tests, client, peers, image or all" >&2; exit 2 ;;
esac

missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "setup-services: everything is installed already"
  exit 0
fi
if [ "$(id -u)" != 0 ]; then
  echo "setup-services: run as root (or with sudo) to install: ${missing[*]}" >&2
  exit 1
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# No service starts by itself: the tests start what they need, on loopback.
printf '#!/bin/sh\nexit 101\n' > /usr/sbin/policy-rc.d && chmod +x /usr/sbin/policy-rc.d
trap 'rm -f /usr/sbin/policy-rc.d' EXIT
apt-get install -y -qq --no-install-recommends "${missing[@]}"
