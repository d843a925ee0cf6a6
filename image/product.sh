#!/usr/bin/env bash
# Compiles the product layer with the root's own Python. Called by image/product.py in a mount namespace of its own:
#   product.sh ROOT UPPER WORK   (cwd is the build folder)
set -euo pipefail
mount --make-rprivate /
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" mnt
exec chroot mnt /usr/bin/python3 -I - <"$(dirname "$0")/compile.py"
