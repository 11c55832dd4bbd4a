#!/bin/sh
# 関所をネットワークなしで導入する / Installs Sekisho without network. As root, in the unpacked folder:
#   sh install.sh [--prefix /opt/sekisho] [--data /var/lib/sekisho] [--verify]
# Checks every file first; one changed byte stops it before anything is written. --verify checks only.
# Nothing is downloaded, started or enabled. An installation of the same prefix is replaced, its data never touched.
set -eu
prefix=/opt/sekisho data=/var/lib/sekisho settings=/etc/sekisho only_verify=''
while [ $# -gt 0 ]; do
  case "$1" in
    --prefix) prefix=$2; shift 2 ;;
    --data) data=$2; shift 2 ;;
    --verify) only_verify=yes; shift ;;
    *) sed -n '2,6p' "$0" >&2; exit 2 ;;
  esac
done
here=$(cd "$(dirname "$0")" && pwd)
cd "$here"

fail() { echo "install: $1" >&2; exit 1; }
bad=$(sha256sum --check --quiet --strict SHA256SUMS 2>&1) || fail "次のファイルが壊れているか、書き換えられています / changed or missing:
$bad"
listed=$(wc -l < SHA256SUMS)
there=$(find . -type f ! -name SHA256SUMS | wc -l)
[ "$listed" -eq "$there" ] || fail "チェックサムにないファイルがあります / $there files, $listed of them listed in SHA256SUMS"
find . -type l -printf '%p -> %l\n' | LC_ALL=C sort | cmp -s - LINKS || fail "リンクが書き換えられています / a link was changed"
echo "確認しました / verified: $listed files"
[ -z "$only_verify" ] || exit 0

[ "$(id -u)" = 0 ] || fail "root で実行してください / run as root"
case $prefix$data in /*/*) ;; *) fail "絶対パスで指定してください / give absolute paths" ;; esac
[ ! -e "$prefix" ] || [ -f "$prefix/src/main.ts" ] || fail "$prefix は関所ではありません / is there and is not Sekisho"

# Into a folder beside it, then one rename: an interrupted copy leaves the former installation as it was.
fresh=$prefix.new
rm -rf "$fresh"
mkdir -p "$(dirname "$prefix")" "$data" "$settings"
cp -R . "$fresh"
chown -R 0:0 "$fresh"
chmod -R a+rX,go-w "$fresh"
rm -rf "$prefix.old"
[ ! -e "$prefix" ] || mv "$prefix" "$prefix.old"
mv "$fresh" "$prefix"
rm -rf "$prefix.old"

node=$(echo "$prefix"/node_modules/node-linux-*/bin/node)
"$node" --version > /dev/null || fail "同梱の Node が動きません(glibc 2.28 以上が必要です) / the Node that comes along does not run here (glibc 2.28 or newer)"
mkdir -p /usr/local/bin
printf '#!/bin/sh\nexec %s %s/src/main.ts "$@"\n' "$node" "$prefix" > /usr/local/bin/sekisho
chmod 755 /usr/local/bin/sekisho

[ -e "$settings/gateway.yaml" ] || sed "s#^dataDir: .*#dataDir: $data#" "$prefix/config/gateway.example.yaml" > "$settings/gateway.yaml.example"
if [ -d /etc/systemd/system ]; then
  sed "s#@PREFIX@#$prefix#g; s#@DATA@#$data#g; s#@NODE@#$node#g" "$prefix/systemd/sekisho.service" > /etc/systemd/system/sekisho.service
fi
cat <<DONE
導入しました / installed: $prefix
次に / next:
  1. $settings/gateway.yaml を書く($settings/gateway.yaml.example から) / write it
  2. sekisho config check -c $settings/gateway.yaml ; sekisho doctor -c $settings/gateway.yaml
  3. systemctl daemon-reload && systemctl enable --now sekisho
試すには / to try it: $node $prefix/src/main.ts demo   (SEKISHO_DEMO_DIR にフォルダーを指定 / names its folder)
DONE
