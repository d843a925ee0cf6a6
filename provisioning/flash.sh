#!/usr/bin/env bash
# Writes Foyer's image to a disk, on the owner's own Linux machine: bash, coreutils and util-linux are all it needs, and
# zstd or xz when the image is packed. It never guesses a disk, refuses every one that this machine uses, and reads
# back what it wrote. `--help` says how to use it.
set -euo pipefail
# The output of dd and lsblk is read below: in one language only.
export LC_ALL=C

readonly OK=0 FAILED=1 USAGE=2 REFUSED=3 HALF_WRITTEN=4 WRONG_CONTENT=5 INTERRUPTED=130
readonly SECTOR=512
readonly COLUMNS_READ=NAME,TYPE,SIZE,RO,TRAN,MODEL,FSTYPE,LABEL,MOUNTPOINT

usage() {
    cat <<'HELP'
Writes Foyer's image to a disk (a USB stick, an SSD in a USB case, a card ...) on a Linux machine.

  flash.sh --list               shows the disks that could be written, and why others cannot
  flash.sh IMAGE                shows them, asks for one by its name, writes it
  flash.sh IMAGE DISK           the same for that disk, such as sdb or /dev/sdb
  flash.sh --yes DISK IMAGE     writes without a question; refuses the same disks
  flash.sh --help               shows this

IMAGE is foyer-VERSION-amd64.img, or the packed one that ends in .zst or .xz. Its checksum is read from
foyer-VERSION-amd64.sha256 in the same folder, or given:

  --sha256 HASH                 the checksum of the file IMAGE

Everything on the disk is deleted. What was written is read back and compared.

Exit codes: 0 written and compared, 1 nothing was written (wrong file, no permission, or you said no),
2 wrong use, 3 the disk was refused, 4 writing failed and the disk is unusable now, 5 the disk returned something else
than what was written, 130 interrupted.
HELP
}

say() { # LINE ...
    printf '%s\n' "$@"
}

fail() { # CODE SENTENCE
    local code=$1
    shift
    printf 'flash.sh: %s\n' "$*" >&2
    exit "$code"
}

# A number of bytes as makers of disks count, in units of 1000.
human() {
    local bytes=$1 unit
    for unit in bytes kB MB GB; do
        if ((bytes < 10000)); then
            say "$bytes $unit"
            return
        fi
        bytes=$(((bytes + 500) / 1000))
    done
    say "$bytes TB"
}

# -- Disks -------------------------------------------------------------------------------------------------------------

# Reads one line of `lsblk --pairs` into the array `field`. What a disk says of itself is shown on a terminal: nothing
# but printable characters stays.
declare -A field
read_fields() {
    local line=$1 value
    field=()
    while [[ $line =~ ^[[:space:]]*([A-Z]+)=\"([^\"]*)\"(.*)$ ]]; do
        line=${BASH_REMATCH[3]}
        printf -v value '%b' "${BASH_REMATCH[2]}"
        field[${BASH_REMATCH[1]}]=${value//[^[:print:]]/ }
    done
}

# The disks of this machine, one line of pairs each; not those that live in memory, and no hidden part of a card.
all_disks() {
    local line
    lsblk --nodeps --bytes --pairs --output "$COLUMNS_READ" | while IFS= read -r line; do
        read_fields "$line"
        [[ ${field[TYPE]:-} = disk && ${field[NAME]} != @(zram*|ram*|fd*|mtdblock*|mmcblk*boot*|mmcblk*rpmb) ]] || continue
        ((${field[SIZE]:-0} > 0)) || continue
        say "$line"
    done
}

# Whether a multi-device file system (btrfs) that is mounted stands on the block device of that name.
in_mounted_btrfs() {
    local device
    for device in /sys/fs/btrfs/*/devices/*; do
        [ "${device##*/}" != "$1" ] || return 0
    done
    return 1
}

# Prints why the disk of that name must not be written; nothing if it may be. Everything that stands on it counts:
# partitions, and what LVM, RAID or encryption make of them.
why_not() {
    local name=$1 line place
    local -a lines
    mapfile -t lines < <(lsblk --bytes --pairs --output "$COLUMNS_READ" "/dev/$name" 2>/dev/null)
    [ ${#lines[@]} -gt 0 ] || { say "it cannot be examined"; return; }
    local mounts=() layers=()
    for line in "${lines[@]}"; do
        read_fields "$line"
        [ -z "${field[MOUNTPOINT]:-}" ] || mounts+=("${field[MOUNTPOINT]}")
        [[ ${field[TYPE]} = @(disk|part) ]] || layers+=("${field[TYPE]}")
        if in_mounted_btrfs "${field[NAME]}"; then
            layers+=("a mounted btrfs")
        elif [[ ${field[FSTYPE]:-} = zfs_member ]] && grep -qs ' zfs ' /proc/self/mounts; then
            layers+=("a ZFS pool, perhaps one that is in use")
        fi
    done
    for place in "${mounts[@]}"; do
        case $place in
            / | /boot | /boot/* | /usr | /var | /home) say "this machine runs from it ($place)" && return ;;
            '[SWAP]') say "this machine swaps to it (stop that with swapoff first)" && return ;;
        esac
    done
    if [ ${#mounts[@]} -gt 0 ]; then
        say "it is in use: unmount it first (umount ${mounts[*]@Q})"
    elif [ ${#layers[@]} -gt 0 ]; then
        say "it is in use: it is part of ${layers[0]}"
    else
        read_fields "${lines[0]}"
        [ "${field[RO]}" = 0 ] || say "it is read-only (is there a switch on it?)"
    fi
}

# One line for people about the disk whose fields were read last.
describe() {
    local model=${field[MODEL]:-}
    printf '%-9s %8s  %s' "${field[NAME]}" "$(human "${field[SIZE]}")" "${model:-no model named}"
    [ -z "${field[TRAN]:-}" ] || printf ' (%s)' "${field[TRAN]}"
}

list_disks() {
    local line reason found=0
    local -a lines refused=()
    mapfile -t lines < <(all_disks)
    say "Disks that can be written:"
    for line in "${lines[@]}"; do
        read_fields "$line"
        reason=$(why_not "${field[NAME]}")
        if [ -z "$reason" ] && ((field[SIZE] < needed)); then
            reason="it is too small: the image needs $(human "$needed")"
        fi
        if [ -n "$reason" ]; then
            refused+=("$(describe): $reason")
        else
            say "  $(describe)"
            found=1
        fi
    done
    ((found)) || say "  none. Plug in the disk, wait a few seconds, then try again."
    [ ${#refused[@]} = 0 ] || printf '%s\n' "Not these:" "${refused[@]/#/  }"
}

# Ends with REFUSED unless the named disk may be written; leaves its fields read and its name in `disk`.
check_disk() {
    local wanted=${1#/dev/} line reason found=''
    if [[ $wanted = */* ]]; then
        # Such as /dev/disk/by-id/...
        wanted=$(readlink --canonicalize "/dev/$wanted") && wanted=${wanted#/dev/}
    fi
    while IFS= read -r line; do
        read_fields "$line"
        [ "${field[NAME]}" != "$wanted" ] || found=$line
    done < <(all_disks)
    if [ -z "$found" ]; then
        read_fields "$(lsblk --nodeps --pairs --output "$COLUMNS_READ" "/dev/$wanted" 2>/dev/null || true)"
        [ "${field[TYPE]:-}" != part ] ||
            fail $REFUSED "$wanted is a part of a disk; the image is written to a whole one."
        fail $REFUSED "$wanted is not a disk of this machine; flash.sh --list shows them."
    fi
    disk=$wanted
    reason=$(why_not "$disk")
    [ -z "$reason" ] || fail $REFUSED "$disk is refused: $reason."
    read_fields "$found"
    ((field[SIZE] >= needed)) ||
        fail $REFUSED "$disk is refused: it holds $(human "${field[SIZE]}") and the image needs $(human "$needed")."
}

# -- The image ---------------------------------------------------------------------------------------------------------

# The image's bytes, unpacked.
unpacked() {
    case $image in
        *.zst) zstd --decompress --stdout --quiet -- "$image" ;;
        *.xz) xz --decompress --stdout -- "$image" ;;
        *) cat -- "$image" ;;
    esac
}

# The checksum that goes with a file of that name, from the list beside it; nothing if there is none.
listed_hash() {
    local name=$1 hash file
    [ -r "$checksums" ] || return 0
    while read -r hash file; do
        [ "${file#\*}" != "$name" ] || say "$hash"
    done <"$checksums"
}

# Sets `needed` (bytes) and `content` (checksum of the bytes to write), or ends: nothing that is damaged is written.
check_image() {
    local base=${image%.zst} wanted name=${image##*/}
    base=${base%.xz}
    checksums=${base%.img}.sha256
    [ -f "$image" ] && [ -r "$image" ] || fail $FAILED "there is no file $image that can be read."
    case $image in
        *.zst) command -v zstd >/dev/null || fail $FAILED "this image is packed with zstd: install the package zstd first." ;;
        *.xz) command -v xz >/dev/null || fail $FAILED "this image is packed with xz: install the package xz-utils first." ;;
    esac
    wanted=${given_hash:-$(listed_hash "$name")}
    [[ $wanted =~ ^[0-9a-fA-F]{64}$ ]] ||
        fail $FAILED "the checksum of $name is not known: put ${checksums##*/} beside it, or give it with --sha256."
    say "Checking $name ..."
    local packed
    packed=$(sha256sum <"$image")
    [ "${packed%% *}" = "${wanted,,}" ] ||
        fail $FAILED "$name is damaged (its checksum is another one): copy or download it again."
    mkfifo "$scratch/pipe"
    sha256sum <"$scratch/pipe" >"$scratch/hash" &
    local summing=$!
    needed=$(unpacked | tee "$scratch/pipe" | wc -c) || fail $FAILED "$name cannot be unpacked: download it again."
    wait "$summing"
    read -r content _ <"$scratch/hash"
    wanted=$(listed_hash "${base##*/}")
    [ -z "$wanted" ] || [ "$wanted" = "$content" ] ||
        fail $FAILED "$name holds another image than ${checksums##*/} says: download both again."
    ((needed > 0 && needed % SECTOR == 0)) || fail $FAILED "$name is not the image of a disk."
}

# -- Writing -----------------------------------------------------------------------------------------------------------

# Shows how far a dd is, from what it says on standard input; errors among that go to standard error.
progress() {
    local what=$1 chunk line percent shown=-1
    while IFS= read -r -d $'\r' chunk || [ -n "$chunk" ]; do
        while IFS= read -r line; do
            if [[ $line =~ ^([0-9]+)\ bytes.*,\ ([0-9.]+\ [kMGT]?B/s)$ ]]; then
                percent=$((BASH_REMATCH[1] * 100 / needed))
                if [ -t 1 ]; then
                    printf '\r%s: %d %% of %s, %s   ' "$what" "$percent" "$(human "$needed")" "${BASH_REMATCH[2]}"
                elif ((percent / 10 > shown)); then
                    shown=$((percent / 10))
                    say "$what: $percent %"
                fi
            elif [[ $line = *:* ]]; then
                printf '%s\n' "$line" >&2
            fi
        done <<<"$chunk"
    done
    [ ! -t 1 ] || say
}

# Ends with REFUSED when somebody else uses the disk; returns 1 when writing failed.
write_disk() {
    local lock said
    [ -b "/dev/$disk" ] || fail $REFUSED "/dev/$disk is not a disk that can be written."
    # udev and desktops leave a disk alone while somebody holds its lock.
    exec {lock}<"/dev/$disk"
    flock --nonblock "$lock" || fail $REFUSED "$disk is refused: another program works on it."
    # The kernel itself says so when something that lsblk does not know of uses the disk.
    if ! said=$(blockdev --rereadpt "/dev/$disk" 2>&1); then
        [[ $said != *busy* ]] || fail $REFUSED "$disk is refused: the kernel says that it is in use."
        # A device that has no partitions cannot be asked for them.
        [[ $said = *'Invalid argument'* ]] || fail $REFUSED "$disk is refused: it cannot be examined ($said)."
    fi
    unfinished=1
    unpacked | dd of="/dev/$disk" bs=4M iflag=fullblock oflag=direct conv=fsync,nocreat status=progress 2>&1 |
        progress Writing
}

# Sets `returned`, the checksum of what the disk itself holds, read past the cache of this machine.
read_back() {
    sync
    blockdev --flushbufs "/dev/$disk" || return
    {
        dd if="/dev/$disk" bs=4M iflag=direct,count_bytes count="$needed" status=progress 2>&3 |
            sha256sum >"$scratch/hash"
    } 3>&1 | progress Comparing || return
    read -r returned _ <"$scratch/hash"
}

# What the person must know however this ends.
at_end() {
    local code=$?
    rm -rf -- "$scratch"
    ((!unfinished)) || printf 'flash.sh: %s\n' \
        "$disk is not finished: start no box from it. What was on it is lost; write it again." >&2
    exit "$code"
}

# Leaves in `disk` the one that the person typed the name of; ends if that is none.
ask() {
    local answer shown
    if [ -z "$disk" ]; then
        shown=$(list_disks)
        printf '%s\n\nEverything on the disk will be deleted. Type the name of the disk to write: ' "$shown"
        IFS= read -r answer || answer=
        [ -n "$answer" ] || fail $FAILED "nothing was written."
    else
        shown="  $(describe)"
        printf '%s\n\nEverything on %s will be deleted. Type %s to go on: ' "$shown" "$disk" "$disk"
        IFS= read -r answer || answer=
        [ "$answer" = "$disk" ] || fail $FAILED "nothing was written."
    fi
    # While the question stood there, disks may have been plugged, and mounted.
    check_disk "$answer"
    [[ $shown = *"  $(describe)"* ]] || fail $REFUSED "$disk is refused: it is another disk than was shown."
}

main() {
    local yes=0 list=0
    local -a words=()
    while [ $# -gt 0 ]; do
        case $1 in
            -h | --help) usage && exit $OK ;;
            --list) list=1 ;;
            --yes) yes=1 disk=${2:-} && [ -n "$disk" ] || fail $USAGE "--yes needs the name of a disk." ; shift ;;
            --sha256) given_hash=${2:-} && [ -n "$given_hash" ] || fail $USAGE "--sha256 needs a checksum." ; shift ;;
            -*) fail $USAGE "there is no option $1; flash.sh --help shows them." ;;
            *) words+=("$1") ;;
        esac
        shift
    done
    command -v lsblk >/dev/null || fail $FAILED "lsblk is missing: this needs a Linux with util-linux."
    if ((list)); then
        list_disks
        exit $OK
    fi
    image=${words[0]:-}
    [ -n "$image" ] || { usage >&2 && exit $USAGE; }
    ((${#words[@]} + yes <= 2)) || fail $USAGE "one image and one disk at a time; flash.sh --help shows how."
    disk=${disk:-${words[1]:-}}
    # Before the checksum, which takes a while; and again after it, with the image's size.
    [ -z "$disk" ] || check_disk "$disk"
    [ "$(id -u)" = 0 ] || fail $FAILED "writing a disk needs root: run it again with sudo."
    scratch=$(mktemp -d)
    trap at_end EXIT
    trap 'exit $INTERRUPTED' INT TERM HUP
    check_image
    [ -z "$disk" ] || check_disk "$disk"
    ((yes)) || ask
    write_disk || fail $HALF_WRITTEN "writing to $disk failed."
    read_back || fail $WRONG_CONTENT "$disk cannot be read back: it is broken; use another one."
    unfinished=0
    [ "$returned" = "$content" ] ||
        fail $WRONG_CONTENT "$disk returns something else than was written: it is broken; use another one."
    say "$disk is written, and holds exactly the image." \
        "" \
        "Next: unplug it, put it into the box, connect the network, switch the box on. After about two minutes its" \
        "screen shows an address and a one-time password; without a screen, open https://foyer.local in a browser."
}

image='' disk='' given_hash='' checksums='' scratch='' content='' returned='' needed=0 unfinished=0
main "$@"
