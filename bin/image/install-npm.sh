#!/bin/sh
# Node from the lockfile's own package and one pinned npm, without any other package manager: `install-npm.sh FOLDER`
# beside package-lock.json. Both archives are checked against their SHA-512 before they are unpacked.
set -eu
folder=$1
registry=${REGISTRY:-https://registry.npmjs.org/}
npm_version=11.21.2
npm_integrity=sha512-7HPApk+AflMUavSseL1Pm6CnYqMIHk53x+KmuhqmTDqPkjPMgxIpTPcTqsE91EKNw4gFBJV9fnXiSdGm1DXq9A==

case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) echo "install-npm: no Node for $(uname -m)" >&2; exit 1 ;; esac
field() { sed -n "/\"node_modules\/node-linux-$arch\": {/,/}/s/.*\"$1\": \"\([^\"]*\)\".*/\1/p" package-lock.json; }

fetch() { # name version integrity
  archive=$folder/$1.tgz
  # shellcheck disable=SC2086
  curl $ca --fail --silent --show-error --location --retry 3 -o "$archive" "${registry%/}/$1/-/$1-$2.tgz"
  seen=sha512-$(openssl dgst -sha512 -binary "$archive" | base64 -w0)
  if [ "$seen" != "$3" ]; then echo "install-npm: $1-$2.tgz is not what was pinned" >&2; exit 1; fi
  mkdir -p "$folder/$1" && tar -xzf "$archive" -C "$folder/$1" --strip-components=1 && rm "$archive"
}

ca=''
[ ! -s /run/ca.pem ] || ca='--cacert /run/ca.pem'
mkdir -p "$folder"
fetch "node-linux-$arch" "$(field version)" "$(field integrity)"
fetch npm "$npm_version" "$npm_integrity"
printf '#!/bin/sh\nPATH=%s:$PATH exec node %s "$@"\n' "$folder/node-linux-$arch/bin" "$folder/npm/bin/npm-cli.js" > "$folder/npm.sh"
ln -s "$folder/node-linux-$arch/bin/node" /usr/local/bin/node
install -m 755 "$folder/npm.sh" /usr/local/bin/npm
