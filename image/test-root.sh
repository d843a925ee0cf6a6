#!/usr/bin/env bash
# Installs the packages named as arguments into an overlay on the shipped root. Called by image/test_root.py in a mount
# namespace of its own, with FOYER_ROOT, FOYER_UPPER, FOYER_WORK and FOYER_CACHE set; cwd is the build folder.
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
apt-get -q update
apt-get -q -y install "$@"

rm -r "$APT_CONFIG" "$merged/usr/sbin/policy-rc.d"
# As in the shipped root: a package enables nothing.
rm -rf "$merged"/etc/systemd/system/*.wants
