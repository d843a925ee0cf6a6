#!/usr/bin/env bash
# Finishes the machine layer. Called by image/machine.py in a mount namespace of its own; cwd is the build folder:
#   machine.sh ROOT UPPER WORK KERNEL MODULE...      (the modules are those of the initial RAM disk)
set -euo pipefail
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" mnt
mount -t proc proc mnt/proc
chroot mnt /bin/bash -euo pipefail -s "${@:4}" <<'EOF'
kernel=$1 modules=${*:2}
depmod "$kernel"
# The same whichever machine builds it: drivers for the disks of every box, none for this machine's.
cat >/etc/initramfs-tools/conf.d/foyer.conf <<'CONF'
MODULES=list
COMPRESS=zstd
COMPRESSLEVEL=19
RESUME=none
FSTYPE=squashfs
CONF
# By a hook: what initramfs-tools' own list names is loaded on every machine, this only where udev finds the device.
hook=/etc/initramfs-tools/hooks/foyer
cat >"$hook" <<HOOK
#!/bin/sh
[ "\$1" != prereqs ] || exit 0
. /usr/share/initramfs-tools/hook-functions
manual_add_modules $modules
# Names and quirks of devices: the system has them, and no disk is found by them.
rm "\$DESTDIR/usr/lib/udev/hwdb.bin"
HOOK
chmod +x "$hook"
mkinitramfs -o /boot/initrd.img "$kernel"
rm "$hook"
# One kernel and no other: the boot loader need not know its version.
mv "/boot/vmlinuz-$kernel" /boot/vmlinuz
rm -f /boot/System.map-* /vmlinuz* /initrd.img*
EOF
