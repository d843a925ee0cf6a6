#!/usr/bin/env bash
# Finishes the machine layer. Called by image/machine.py in a mount namespace of its own; cwd is the build folder:
#   machine.sh ROOT UPPER WORK KERNEL
set -euo pipefail
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" mnt
mount -t proc proc mnt/proc
chroot mnt /bin/bash -euo pipefail -s "$4" <<'EOF'
kernel=$1
depmod "$kernel"
# The same whichever machine builds it: drivers for every disk, none for this one's.
cat >/etc/initramfs-tools/conf.d/foyer.conf <<'CONF'
MODULES=most
COMPRESS=zstd
RESUME=none
FSTYPE=squashfs
CONF
mkinitramfs -o /boot/initrd.img "$kernel"
# One kernel and no other: the boot loader need not know its version.
mv "/boot/vmlinuz-$kernel" /boot/vmlinuz
rm -f /boot/System.map-* /vmlinuz* /initrd.img*
EOF
