#!/bin/sh
# Runs in a fresh Debian 13 without network: `offline.sh ARCHIVE`. Unpacks, installs, tries what must not work, then
# demo, doctor and a check that the network is really not there. Prints lines «name<TAB>value» for the evidence.
set -u
tell() { printf '%s\t%s\n' "$1" "$2"; }
tell interfaces "$(cut -d: -f1 -s /proc/net/dev | tr -d ' ' | tr '\n' ' ')"
cd /root && tar -xzf "$1" && cd sekisho-*/ || exit 1
tell files "$(wc -l < SHA256SUMS)"

# One byte of one file, anywhere: nothing may be installed.
victim=$(find node_modules -name '*.js' | sort | sed -n 100p)
cp "$victim" /tmp/keep
printf X | dd of="$victim" bs=1 seek=10 conv=notrunc 2> /dev/null
sh install.sh > /tmp/refused 2>&1; tell changed-byte-status $?
tell changed-byte-named "$(grep -c "$victim" /tmp/refused)"
tell changed-byte-left-nothing "$([ ! -e /opt/sekisho ] && [ ! -e /usr/local/bin/sekisho ] && echo yes)"
cp /tmp/keep "$victim"
echo 1 > node_modules/added.js
sh install.sh > /tmp/refused 2>&1; tell added-file-status $?
rm node_modules/added.js
: > /tmp/link && ln -s /tmp/link node_modules/link
sh install.sh > /tmp/refused 2>&1; tell added-link-status $?
rm node_modules/link
mv "$victim" /tmp/moved
sh install.sh > /tmp/refused 2>&1; tell missing-file-status $?
mv /tmp/moved "$victim"

sh install.sh > /tmp/installed 2>&1; tell install-status $?
cd /root && rm -rf /root/sekisho-*/
node=$(echo /opt/sekisho/node_modules/node-linux-*/bin/node)
tell npm-there "$(command -v npm || echo no)"
mkdir -p /var/lib/demo && chmod 755 /var/lib/demo
# `npm start`, less npm: bin/start.js sees that the dependencies are complete and asks no registry for anything.
SEKISHO_DEMO_DIR=/var/lib/demo LANG=C.UTF-8 "$node" /opt/sekisho/bin/start.js --once --json > /tmp/demo.json 2> /tmp/demo.err
tell demo-status $?
tell demo-asked-npm "$(grep -c 'npm ci' /tmp/demo.err)"
tell demo "$("$node" -e 'const { good, wire, rows } = JSON.parse(require("fs").readFileSync("/tmp/demo.json")); console.log(good, rows.length, wire.received, wire.receiptsValid)')"
sekisho doctor -c /var/lib/demo/gateway.yaml --json > /tmp/doctor.json 2> /tmp/doctor.err; tell doctor-status $?
"$node" -e 'for (const { about, state, said } of JSON.parse(require("fs").readFileSync("/tmp/doctor.json"))) console.log(`doctor\t${state} ${about}: ${said.en}`)'
[ -s /tmp/demo.err ] && sed 's/^/demo-said\t/' /tmp/demo.err | head -5
[ -s /tmp/doctor.err ] && sed 's/^/doctor-said\t/' /tmp/doctor.err | head -5
exit 0
