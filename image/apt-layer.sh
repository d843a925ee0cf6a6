#!/usr/bin/env bash
# Installs the packages named as arguments into an overlay layer. Called by the build steps
# in a mount namespace of its own; cwd is the build folder. From the environment: FOYER_ROOT (the layers below, overlayfs's
# lowerdir), FOYER_UPPER and FOYER_WORK (the layer and overlayfs's own folder), FOYER_CACHE with downloads and indices; and, if
# set, FOYER_DEBS, a folder with packages of our own that are installed first, FOYER_UNPACKED, a package whose files are
# wanted without what it depends on or does, and FOYER_SOURCE, a line of sources.list(5) in place of the root's own sources.
#
# apt runs on the host and dpkg in the root: the host's name resolution and proxies are the ones that work.
set -euo pipefail
mount --make-rprivate /
merged=$PWD/mnt
mount -t overlay overlay -o "lowerdir=$FOYER_ROOT,upperdir=$FOYER_UPPER,workdir=$FOYER_WORK" "$merged"
mount -t proc proc "$merged/proc"
mount --bind "$FOYER_CACHE/debs-test" "$merged/var/cache/apt/archives"
mount --bind "$FOYER_CACHE/lists" "$merged/var/lib/apt/lists"

# No maintainer script may start a daemon on the building machine.
printf '#!/bin/sh\nexit 101\n' >"$merged/usr/sbin/policy-rc.d"
chmod +x "$merged/usr/sbin/policy-rc.d"

# The one initial RAM disk is made at the end, by machine.sh.
export INITRD=No
export APT_CONFIG=$FOYER_WORK.apt.conf DEBIAN_FRONTEND=noninteractive
cat >"$APT_CONFIG" <<EOF
Dir "$merged/";
Dir::State::Status "$merged/var/lib/dpkg/status";
DPkg::Chroot-Directory "$merged";
DPkg::Options:: "--force-unsafe-io";
Dpkg::Use-Pty "false";
APT::Install-Recommends "false";
APT::Sandbox::User "root";
APT::Keep-Downloaded-Packages "true";
Acquire::Languages "none";
Acquire::Check-Valid-Until "false";
EOF
if [ -n "${FOYER_SOURCE:-}" ]; then
    printf '%s\n' "$FOYER_SOURCE" >"$FOYER_WORK.list"
    printf 'Dir::Etc::SourceList "%s";\nDir::Etc::SourceParts "-";\n' "$FOYER_WORK.list" >>"$APT_CONFIG"
fi
if [ -n "${FOYER_DEBS:-}" ]; then
    cp -r "$FOYER_DEBS" "$merged/tmp/debs"
    chroot "$merged" dpkg --recursive --install /tmp/debs
    rm -r "$merged/tmp/debs"
fi
apt-get -q update
apt-get -q -y install "$@"
if [ -n "${FOYER_UNPACKED:-}" ]; then
    archives=/var/cache/apt/archives
    read -r _ file _ < <(apt-get --print-uris download "$FOYER_UNPACKED")
    (cd "$merged$archives" && apt-get -q download "$FOYER_UNPACKED")
    chroot "$merged" dpkg --unpack --force-depends "$archives/$file"
fi

rm -f "$APT_CONFIG" "$FOYER_WORK.list" "$merged/usr/sbin/policy-rc.d"
# As in the shipped root: a package enables nothing.
rm -rf "$merged"/etc/systemd/system/*.wants
