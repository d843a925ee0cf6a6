#!/usr/bin/env bash
# Runs inside a box that is up, with the serial number of another box's disk that was just plugged in: opens its data the
# way box-data does, checks the file system, mounts it at /run/cut and leaves what happens there to the caller.
set -euo pipefail
disk=/dev/disk/by-id/scsi-0QEMU_QEMU_HARDDISK_$1
for _ in {1..300}; do
    [ ! -b "$disk" ] || break
    sleep 0.1
done
disk=$(realpath "$disk")
udevadm settle
while read -r number name; do
    declare "${name/-/_}=$disk$number"
done < <(partx --raw --noheadings --output NR,NAME "$disk")
# shellcheck disable=SC2154 # declared above
[ "$(dd if="$foyer_key" bs=1 skip=512 count=5 status=none)" = ready ]
# shellcheck disable=SC2154
cryptsetup open --key-file "$foyer_key" --keyfile-size 64 "$foyer_data" cut
code=0
e2fsck -p /dev/mapper/cut || code=$?
[ $code -lt 4 ]
e2fsck -fn /dev/mapper/cut
mkdir -p /run/cut
mount -o nosuid,nodev,noexec /dev/mapper/cut /run/cut
