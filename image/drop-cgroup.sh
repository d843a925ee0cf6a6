#!/usr/bin/env bash
# Removes the cgroups of a box that has ended: drop-cgroup.sh NAME, in a mount namespace of its own, cwd the build folder.
# Also those of boxes that were killed and could not do it themselves: without a process for more than a minute.
set -euo pipefail
mount --make-rprivate /
mount -t cgroup2 cgroup2 mnt
{
    echo "mnt/$1"
    find mnt -mindepth 1 -maxdepth 1 -name 'foyer-????????' -mmin +1
} | while read -r top; do
    [ -d "$top" ] || continue
    grep -q 'populated 1' "$top/cgroup.events" || find "$top" -depth -type d -exec rmdir {} +
done
