#!/usr/bin/env bash
# Makes the private namespaces that it was started in look like a box, then runs something there. Called by enter.sh and
# boot.py, as root, under `unshare --mount --pid --fork ...`, as PID 1 of its own namespace:
#
#   inside.sh enter LAYERS CMD ...     a command in the root, with the repository at /src
#   inside.sh boot LAYERS              the root's own systemd
#   inside.sh network                  nothing but the network: for a network namespace that was made inside of a root
#
# LAYERS is overlayfs's lowerdir, relative to the build folder, which is the working directory. What is written to the
# root goes to memory and is gone at the end. From the environment: FOYER_REPOSITORY, FOYER_NET (private: own network
# namespace with one address beside loopback), and for boot FOYER_STATE (becomes /data), FOYER_ENVIRONMENT (becomes
# /etc/foyer/environment), FOYER_CGROUP (name of the box's cgroup).
set -euo pipefail

# The one address of a private network namespace; a range that is reserved for documentation, so it is nobody's.
readonly private_address=192.0.2.10/24

# mnt/root: the layers with a writable one, in memory, on top.
mount_root() {
    local layers=$1 layer
    # Held as long as a process of this root lives: the builder replaces no layer that has a shared lock.
    for layer in ${layers//:/ }; do
        exec {handle}<"$layer"
        flock --shared "$handle"
    done
    mount -t tmpfs -o mode=0755 foyer mnt
    mkdir mnt/upper mnt/work mnt/root
    # Some tools look at the owner and mode of "/", which is the upper folder's.
    chmod 0755 mnt/upper
    mount -t overlay overlay -o "lowerdir=$layers,upperdir=mnt/upper,workdir=mnt/work" mnt/root
}

mount_kernel_filesystems() {
    local root=$1 node
    mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
    mount -t tmpfs -o mode=0755,nosuid,nodev tmpfs "$root/run"
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/tmp"
    mount -t tmpfs -o mode=0755,nosuid dev "$root/dev"
    for node in null zero full random urandom tty; do
        touch "$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    mkdir "$root/dev/pts" "$root/dev/shm" "$root/dev/mqueue"
    mount -t devpts -o newinstance,ptmxmode=0666,mode=0620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777,nosuid,nodev tmpfs "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    ln -s /proc/self/fd/0 "$root/dev/stdin"
    ln -s /proc/self/fd/1 "$root/dev/stdout"
    ln -s /proc/self/fd/2 "$root/dev/stderr"
}

set_up_network() {
    local root=$1
    if [ "$FOYER_NET" = private ]; then
        chroot "$root" ip link set lo up
        # A cable whose other end lies here too: traffic to the address itself goes over loopback.
        chroot "$root" ip link add foyer0 type veth peer name foyer1
        chroot "$root" ip address add "$private_address" dev foyer0
        chroot "$root" ip link set foyer0 up
        chroot "$root" ip link set foyer1 up
        chroot "$root" ip route add default dev foyer0
    else
        # The box's own is a link to its resolver, which runs on real machines only.
        rm -f "$root/etc/resolv.conf"
        [ ! -r /etc/resolv.conf ] || cat /etc/resolv.conf >"$root/etc/resolv.conf"
    fi
}

# Makes the root the only file system that is left in this mount namespace.
pivot_to() {
    cd "$1"
    pivot_root . .
    umount --lazy .
    cd /
}

enter() {
    local node
    mount_root "$1"
    shift
    mount_kernel_filesystems mnt/root
    # For virtual machines, where this machine can run them.
    mkdir mnt/root/dev/net
    for node in kvm net/tun; do
        [ -c "/dev/$node" ] || continue
        touch "mnt/root/dev/$node"
        mount --bind "/dev/$node" "mnt/root/dev/$node"
    done
    set_up_network mnt/root
    hostname foyer-test
    mkdir -p mnt/root/src
    mount --bind "$FOYER_REPOSITORY" mnt/root/src
    if ! [ "$PWD" -ef "$FOYER_REPOSITORY/build" ]; then
        mkdir -p mnt/root/src/build
        mount --bind . mnt/root/src/build
    fi
    # Tests import what ships, whichever way they find the package.
    if [ "${FOYER_SRC:-product}" = product ]; then
        mount --bind mnt/root/usr/lib/foyer/appliance mnt/root/src/appliance
        mount --bind mnt/root/usr/lib/foyer/provisioning mnt/root/src/provisioning
    fi
    local keep=()
    for name in CI ONLY SOAK_MINUTES N SEED FOYER_LAYERS FRESH BIND PORT HTTP_PORT SIP_PORT; do
        [ -z "${!name:-}" ] || keep+=("$name=${!name}")
    done
    pivot_to mnt/root
    cd /src
    # Not exec: bash, as PID 1, adopts and reaps what the command leaves behind.
    # ruff keeps what it found by a file's time, and a product layer's files all have the same.
    env -i HOME=/root TERM="${TERM:-dumb}" LANG=C.UTF-8 PATH=/usr/sbin:/usr/bin:/sbin:/bin PYTHONPATH=/src RUFF_NO_CACHE=true \
        PYTHONDONTWRITEBYTECODE=1 "${keep[@]}" "$@"
}

# First half of boot: a cgroup of its own, which becomes the top of a cgroup namespace.
boot() {
    mount -t cgroup2 cgroup2 mnt
    mkdir "mnt/$FOYER_CGROUP"
    echo 0 >"mnt/$FOYER_CGROUP/cgroup.procs"
    umount mnt
    exec unshare --cgroup "$0" boot-in-cgroup "$1"
}

boot_in_cgroup() {
    mount_root "$1"
    local root=mnt/root handle
    mount_kernel_filesystems "$root"
    mount -t cgroup2 -o nosuid,nodev,noexec cgroup2 "$root/sys/fs/cgroup"
    touch "$root/run/console.log" "$root/dev/console"
    mount --bind "$root/run/console.log" "$root/dev/console"
    set_up_network "$root"
    hostname foyer
    mount --bind "$FOYER_STATE" "$root/data"
    mount -o remount,bind,nosuid,nodev,noexec "$root/data"
    printf '%s\n' "$FOYER_ENVIRONMENT" >"$root/etc/foyer/environment"
    pivot_to "$root"
    # systemd wants no descriptor that it does not know. The locks stay with unshare, which waits outside.
    for handle in /proc/self/fd/*; do
        handle=${handle##*/}
        [ "$handle" -le 2 ] || eval "exec $handle>&-"
    done
    exec env -i container=foyer /usr/lib/systemd/systemd --log-target=journal >/dev/console 2>&1 </dev/null
}

mount --make-rprivate /
case $1 in
    enter) shift && enter "$@" ;;
    boot) boot "$2" ;;
    boot-in-cgroup) boot_in_cgroup "$2" ;;
    network) FOYER_NET=private set_up_network / ;;
esac
