#!/usr/bin/env bash
# Readies the machine that builds and runs the box: checks what it is, and installs the few Debian packages that are
# missing. Called by the Makefile before anything else; prints nothing when all is there.
set -euo pipefail

fail() {
    printf 'foyer: %s\n' "$*" >&2
    exit 1
}

[ "$(id -u)" = 0 ] || fail "this needs root (namespaces and mounts): run it again with sudo, or as root."
if ! [ -f /etc/debian_version ] || ! command -v apt-get >/dev/null; then
    fail "this machine is not a Debian: use Debian 12 or newer, a virtual machine will do."
fi

# command:package
needed=(/usr/bin/python3:python3 mmdebstrap:mmdebstrap npm:npm unshare:util-linux setpriv:util-linux
    mount:mount zstd:zstd flock:util-linux pivot_root:util-linux-extra)
missing=()
for pair in "${needed[@]}"; do
    command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
/usr/bin/python3 -m pip --version >/dev/null 2>&1 || missing+=(python3-pip)
# Signs the suite that the box is made of.
[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
[ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
[ ${#missing[@]} = 0 ] && exit 0

printf 'foyer: installing on this machine: %s\n' "${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
# Without that mode, a mirror that cannot be reached is a warning only.
apt-get -qq -o APT::Update::Error-Mode=any update || fail "the Debian mirror cannot be reached: check the network, then run make again."
apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null ||
    fail "Debian's packages could not be installed: see apt's message above, then run make again."
