#!/usr/bin/env bash
# Runs disk/assemble.py with the tools of the test root on the box's root. Called by image/disk.py in a mount namespace of
# its own; cwd is the build folder:  disk.sh TOOLS BOX OUT   (overlayfs's lowerdirs, and the folder that gets the image)
set -euo pipefail
image=$(dirname "$(realpath "$0")")
mount --make-rprivate /
mount -t tmpfs -o mode=0755 foyer mnt
mkdir mnt/tools
mount -t overlay overlay -o "ro,lowerdir=$1" mnt/tools
mount -t overlay overlay -o "ro,lowerdir=$2" mnt/tools/mnt
mount --bind "$image" mnt/tools/opt
mount --bind "$3" mnt/tools/srv
mount -t proc proc mnt/tools/proc
mount -t tmpfs -o mode=1777 foyer mnt/tools/tmp
exec chroot mnt/tools /usr/bin/python3 -I -B /opt/disk/assemble.py
