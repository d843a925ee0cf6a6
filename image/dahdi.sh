#!/usr/bin/env bash
# Compiles and signs the telephony drivers. Called by image/dahdi.py in a mount namespace of its own; cwd is the build folder:
#   dahdi.sh ROOT UPPER WORK KERNEL OUT KEYS PATCHES
# UPPER has compiler, headers and source, and is thrown away afterwards; OUT gets a tree to be laid over the box's root. KEYS
# keeps the signing key of this machine's images: whoever has enrolled it once need not do so for the next image. PATCHES are
# ours to the source, each with its reason on top; one that does not apply any more ends the build.
set -euo pipefail
root=$1 upper=$2 work=$3 kernel=$4 out=$5 keys=$6 patches=$7
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$root,upperdir=$upper,workdir=$work" mnt
mount -t proc proc mnt/proc
mount --bind "$keys" mnt/srv
mount --bind "$patches" mnt/media

chroot mnt /bin/bash -euo pipefail -s "$kernel" <<'EOF'
kernel=$1
headers=/usr/src/linux-headers-$kernel
cd /usr/src/dahdi-*/
for file in /media/*.patch; do
    patch --batch --fuzz=0 --strip=1 <"$file"
done
make -j "$(nproc)" KSRC="$headers" KVERS="$kernel" MODULES_EXTRA='dahdi_dummy dahdi_echocan_oslec' modules
if ! [ -f /srv/driver-key.der ]; then
    openssl req -x509 -newkey rsa:2048 -nodes -sha256 -days 36500 -batch -subj '/CN=Foyer telephony drivers' \
        -addext extendedKeyUsage=codeSigning -outform DER -out /srv/driver-key.der -keyout /srv/driver-key.pem
fi
mkdir -p /out/modules
find . -name '*.ko' -exec cp -t /out/modules {} +
for module in /out/modules/*.ko; do
    strip --strip-debug "$module"
    "$headers/scripts/sign-file" sha256 /srv/driver-key.pem /srv/driver-key.der "$module"
done
EOF

install -d "$out/usr/lib/modules/$kernel/updates/dahdi" "$out/usr/share/foyer"
install -m 0644 mnt/out/modules/*.ko "$out/usr/lib/modules/$kernel/updates/dahdi"
install -m 0644 "$keys/driver-key.der" "$out/usr/share/foyer"
